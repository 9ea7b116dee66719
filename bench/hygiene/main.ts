import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './measure.ts';

/*
 * What an unchanged `cadre hygiene --profile quick` on 1,000 files costs (HYG-40): `node bench/hygiene/main.ts [rounds]`.
 * With `--write` the counts become the baseline that the test suite compares with; write it on a quiet machine.
 */

const file = join(import.meta.dirname, 'baseline.json');
const rounds = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 10);
const { wallMs, cpuMs, overheadMs, emptyRunMs, calibrationMs, cached, ...counts } = measure(rounds);
const ratio = (ms: number) => Number((ms / calibrationMs).toFixed(2));
const now = { ...counts, cpuRatio: ratio(cpuMs), emptyRunRatio: ratio(emptyRunMs) };

console.log(`${cached} steps answered from the cache; the least of ${rounds} rounds, in ms:
  whole run, from the start of the process to its end   ${wallMs.toFixed(0)}
  its processor time without the start of Node          ${cpuMs.toFixed(0)}
  the same of a run that performs no action             ${emptyRunMs.toFixed(0)}
  what the runner adds to the time of the steps         ${overheadMs.toFixed(0)}
  a fixed piece of work beside it                       ${calibrationMs.toFixed(0)}`);
console.table({ baseline: JSON.parse(readFileSync(file, 'utf8')), now });
if (process.argv.includes('--write')) writeFileSync(file, `${JSON.stringify(now, undefined, 2)}\n`);
