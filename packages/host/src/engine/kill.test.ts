import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { killRounds } from './testing/kill-rounds.ts';
import { wrongIn } from './testing/kill-tally.ts';

test('a process that is killed at any moment, again and again, loses nothing and repeats nothing [WRK-40]', async () => {
  const tally = await inFolder((folder) => killRounds(folder, 30, Math.random));
  expect(tally).toMatchObject({
    kills: 30,
    lost: 0,
    unfinished: 0,
    unaccounted: 0,
    repeated: 0,
    withoutEffects: 0,
    gaps: 0,
    integrity: 'ok',
  });
  // Otherwise nothing was shown.
  expect(tally.interrupted).toBeGreaterThan(0);
  expect(tally.takenOver).toBeGreaterThan(0);
}, 120_000);

test('kills find a store that says an append is written before it is', async () => {
  const tally = await inFolder((folder) => killRounds(folder, 20, Math.random, { fault: 'early-answers' }));
  // What nobody knows of any more was performed, and was told of.
  expect(tally.unaccounted).toBeGreaterThan(0);
  expect(wrongIn(tally)).toBeGreaterThan(0);
}, 120_000);

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-kill-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
