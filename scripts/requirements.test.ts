import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { renderPage, unknownIds } from './requirements.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

test('no test names a requirement that does not exist', () => {
  expect(unknownIds()).toEqual([]);
});

test('docs/requirements.md is what `npm run requirements` makes of the tests', () => {
  expect(readFileSync(join(root, 'docs/requirements.md'), 'utf8')).toBe(renderPage());
});
