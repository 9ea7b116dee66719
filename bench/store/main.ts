/**
 * What the store takes for the questions that lists, pages and metrics ask, by the number of runs: `cadre bench store`.
 * `node bench/store/main.ts [--runs 10000,1000000] [--write]`; `--write` keeps the figures in `figures.json`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureStore } from '../../packages/host/src/bench/measure-store.ts';

const { values } = parseArgs({ options: { runs: { type: 'string' }, write: { type: 'boolean' } } });
const FIGURES = new URL('figures.json', import.meta.url);

const kept = JSON.parse(readFileSync(FIGURES, 'utf8')) as Record<string, Record<string, number>>;
for (const runs of (values.runs ?? '10000').split(',').map(Number)) {
  const figures = await measureStore(runs, Date.now());
  console.log(`\n${runs} runs, in milliseconds`);
  for (const [name, value] of Object.entries(figures)) console.log(`  ${name.padEnd(48)} ${value}`);
  kept[runs] = figures;
}
if (values.write === true) writeFileSync(FIGURES, `${JSON.stringify(kept, undefined, 2)}\n`);
