import { expect, test } from 'vitest';
import { isCadreError } from '../errors.ts';
import { EVENT_VERSION, upcast } from './upcast.ts';

test('an event of this version is read as it is', () => {
  const event = { type: 'step.started', step: 'a', attempt: 1, at: 5 };
  expect(upcast(EVENT_VERSION.plain, event)).toBe(event);
});

test.each([
  ['an event that this version does not know', EVENT_VERSION.plain, 'step.teleported'],
  ['an event whose name every object has', EVENT_VERSION.plain, 'constructor'],
  ['an event of a later version', EVENT_VERSION.marked + 1, 'step.started'],
])('%s is refused as incompatible, with what to do', (_, version, type) => {
  const refuse = () => upcast(version, { type });
  expect(refuse).toThrow('the run cannot be read');
  try {
    refuse();
  } catch (error) {
    expect(isCadreError(error) && [error.code, error.hint?.includes('version of Cadre')]).toEqual([
      'incompatible',
      true,
    ]);
  }
});
