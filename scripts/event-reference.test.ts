import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EVENT_PAGE, EVENT_SCHEMA, eventPage, schemaText } from './event-reference.ts';

test('the reference of events is the one that its schema gives: npm run event-reference [WRK-42]', () => {
  expect(readFileSync(EVENT_PAGE, 'utf8')).toBe(eventPage());
  expect(readFileSync(EVENT_SCHEMA, 'utf8')).toBe(schemaText());
});
