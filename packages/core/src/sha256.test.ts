import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from './sha256.ts';

test('it gives what the platform gives, for every text', () => {
  const same = (text: string) => {
    expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'));
  };
  for (let length = 0; length < 200; length += 1) same('a'.repeat(length));
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), same));
  same('\ud800 alone');
});
