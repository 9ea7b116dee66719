import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { killRounds } from './testing/kill-rounds.ts';

test('a process that is killed at any moment, again and again, loses nothing and repeats nothing [WRK-40]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-kill-'));
  try {
    const tally = await killRounds(folder, 15, Math.random);
    expect(tally).toMatchObject({
      kills: 15,
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
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
