/**
 * What cleaning gives back, and how long nobody else may write for it: bit by bit, beside writing the file anew.
 * `node bench/store/vacuum.ts [--runs 50000]`: all but a tenth of them is removed.
 */
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { fillStore } from '../../packages/host/src/bench/fill-store.ts';
import { openSqliteStore } from '../../packages/host/src/stores/open-sqlite-store.ts';

const { values } = parseArgs({ options: { runs: { type: 'string' } } });
const runs = Number(values.runs ?? 50_000);
const folder = mkdtempSync(join(tmpdir(), 'cadre-vacuum-'));
const path = join(folder, 'cadre.db');
const mib = (file: string) => (statSync(file).size / 1024 ** 2).toFixed(1);
const seconds = (since: number) => ((performance.now() - since) / 1_000).toFixed(1);

try {
  await fillStore(path, runs, Date.now());
  const full = mib(path);
  const store = await openSqliteStore(path);
  let began = performance.now();
  for (let left = runs; left > runs / 10; left -= 200) {
    await store.upkeep.remove('runs', await store.upkeep.listRemovable('runs', undefined, 200), Date.now());
  }
  const removing = seconds(began);
  const other = join(folder, 'whole.db');
  new DatabaseSync(path).exec('PRAGMA wal_checkpoint(TRUNCATE)');
  copyFileSync(path, other);

  // Somebody else wants to write all the while: the longest wait is what it costs them.
  let waited = 0;
  let over = false;
  const others = (async () => {
    for (let asked = performance.now(); !over; asked = performance.now()) {
      await new Promise(setImmediate);
      await store.grants.list(0);
      waited = Math.max(waited, performance.now() - asked);
    }
  })();
  began = performance.now();
  const vacuumed = await store.upkeep.vacuum(false);
  const bit = seconds(began);
  over = true;
  await others;
  await store.close();

  const whole = new DatabaseSync(other);
  began = performance.now();
  whole.exec('VACUUM');
  const anew = seconds(began);
  whole.close();
  console.log(`${runs} runs, nine tenths removed in ${removing} s`);
  console.log(`  file before                    ${full} MiB`);
  console.log(
    `  bit by bit (${vacuumed.how})      ${mib(path)} MiB after ${bit} s; others waited at most ${waited.toFixed(0)} ms`,
  );
  console.log(
    `  anew (VACUUM)                  ${mib(other)} MiB after ${anew} s, in which nobody else may write`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
