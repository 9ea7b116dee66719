/**
 * Kills a real process that runs workflows, `kill -9`, 200 times at random moments, and counts what was lost or done
 * twice. `node bench/engine/kill.ts [kills] [--batch 250] [--into FILE]`; exit code 1 when anything was, and then the store
 * stays where it is. Each batch has a store of its own, is judged when it is over, and is a line of the file: whoever is
 * interrupted goes on from there.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildKillChild, killRounds } from '../../packages/host/src/engine/testing/kill-rounds.ts';
import {
  addTallies,
  NO_KILLS,
  type Tally,
  wrongIn,
} from '../../packages/host/src/engine/testing/kill-tally.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { batch: { type: 'string', default: '250' }, into: { type: 'string' } },
});
const kills = Number(positionals[0] ?? 200);
const into = values.into;
const before = into !== undefined && existsSync(into) ? readFileSync(into, 'utf8').trim().split('\n') : [];
let total = before.map((line) => JSON.parse(line) as Tally).reduce(addTallies, NO_KILLS);

const programs = mkdtempSync(join(tmpdir(), 'cadre-kill-program-'));
const began = performance.now();
try {
  const program = await buildKillChild(programs);
  while (total.kills < kills && wrongIn(total) === 0) {
    const folder = mkdtempSync(join(tmpdir(), 'cadre-kill-'));
    const tally = await killRounds(folder, Math.min(kills - total.kills, Number(values.batch)), Math.random, {
      program,
    });
    if (wrongIn(tally) === 0) rmSync(folder, { recursive: true, force: true });
    else console.error(`what is wrong stays in ${folder}`);
    if (into !== undefined) appendFileSync(into, `${JSON.stringify(tally)}\n`);
    total = addTallies(total, tally);
    console.error(
      `${total.kills} of ${kills}: ${total.runs} runs, ${wrongIn(total)} wrong, after ${seconds()} s`,
    );
  }
} finally {
  rmSync(programs, { recursive: true, force: true });
}
console.table({ ...total, seconds: seconds() });
console.log(JSON.stringify({ bench: 'kill', ...total, seconds: seconds() }));
process.exitCode = wrongIn(total) === 0 ? 0 : 1;

function seconds(): number {
  return Math.round((performance.now() - began) / 1_000);
}
