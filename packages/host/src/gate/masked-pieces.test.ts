import type { JsonValue } from '@cadre/sdk';
import { expect, test } from 'vitest';
import { createMask } from './mask.ts';
import { maskPieces } from './masked-pieces.ts';

test('pieces keep their order though none waits until those before it are stored', async () => {
  const handed: JsonValue[] = [];
  const stored = Promise.withResolvers<void>();
  const pieces = maskPieces(createMask(), (piece) => {
    handed.push(piece);
    return stored.promise;
  });
  const adding = ['a', { b: 1 }, 'c', ['d'], { e: 2 }, 'f'].map((piece) => pieces.extend(piece));
  expect(handed).toEqual(['a', { b: 1 }, 'c', ['d'], { e: 2 }, 'f']);
  stored.resolve();
  await Promise.all([...adding, pieces.end()]);
});
