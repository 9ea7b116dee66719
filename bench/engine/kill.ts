/**
 * Kills a real process that runs workflows, `kill -9`, 200 times at random moments, and counts what was lost or done
 * twice. `node bench/engine/kill.ts [kills]`; exit code 1 when anything was.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killRounds } from '../../packages/host/src/engine/testing/kill-rounds.ts';

const kills = Number(process.argv[2] ?? 200);
const folder = mkdtempSync(join(tmpdir(), 'cadre-kill-'));
try {
  const began = performance.now();
  const tally = await killRounds(folder, kills, Math.random);
  const seconds = Math.round((performance.now() - began) / 1_000);
  console.table({ ...tally, seconds });
  console.log(JSON.stringify({ bench: 'kill', ...tally, seconds }));
  const wrong =
    tally.lost + tally.unfinished + tally.unaccounted + tally.repeated + tally.withoutEffects + tally.gaps;
  process.exitCode = wrong === 0 && tally.integrity === 'ok' ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
