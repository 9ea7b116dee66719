/**
 * Runs in a loop under retention: memory and file must not grow. `node bench/store/soak.ts [--runs 20000] [--keep 500]`.
 * The last line is the slope over the second half: bytes for each run.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../packages/host/src/clock.ts';
import { createPlaces } from '../../packages/host/src/dispatch/create-places.ts';
import { openEngine } from '../../packages/host/src/engine/engine.ts';
import { thisProcess } from '../../packages/host/src/engine/holder.ts';
import { openSqliteStore } from '../../packages/host/src/stores/open-sqlite-store.ts';
import { sampleAction, sampleWorkflow } from '../../packages/host/src/testing/sample-workflow.ts';
import { clean } from '../../packages/host/src/upkeep/clean.ts';
import { nothing } from '../engine/peers/cadre.ts';

const { values } = parseArgs({ options: { runs: { type: 'string' }, keep: { type: 'string' } } });
const total = Number(values.runs ?? 20_000);
const most = Number(values.keep ?? 500);
const AT_ONCE = 50;

const folder = mkdtempSync(join(tmpdir(), 'cadre-soak-'));
const path = join(folder, 'cadre.db');
const store = await openSqliteStore(path);
const clock = systemClock();
const engine = openEngine({
  store,
  gate: nothing,
  clock,
  holder: thisProcess(clock.newId('process')),
  workspace: { id: 'soak', root: '/soak' },
  places: createPlaces(() => AT_ONCE),
});
const workflow = sampleWorkflow([sampleAction('a'), sampleAction('b')]);
const limits = { afterMs: 0, most, maxBytes: 0 };
const retention = {
  runs: limits,
  plans: limits,
  logs: limits,
  artifacts: { temporary: limits, standard: limits },
  firings: limits,
  tombstones: { most: 2 * most },
};

interface Sample {
  readonly runs: number;
  readonly heap: number;
  readonly file: number;
}
const samples: Sample[] = [];
let longestMs = 0;
const began = performance.now();
for (let runs = 0; runs < total; runs += AT_ONCE) {
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      const id = await engine.start({
        workflow,
        inputs: {},
        mode: 'apply',
        trigger: { kind: 'manual' },
        principal: 'user:ada',
      });
      await engine.settled(id);
    }),
  );
  if ((runs / AT_ONCE) % 20 !== 19) continue;
  const before = performance.now();
  await clean({ ...store, clock, retention }, { planOnly: false, principal: 'system', alone: false });
  longestMs = Math.max(longestMs, performance.now() - before);
  globalThis.gc?.();
  samples.push({ runs: runs + AT_ONCE, heap: process.memoryUsage().heapUsed, file: statSync(path).size });
}
await engine.close();
await store.close();
rmSync(folder, { recursive: true, force: true });

const mib = (bytes: number) => (bytes / 1024 ** 2).toFixed(2);
for (const { runs, heap, file } of samples)
  console.log(`${String(runs).padStart(7)}  heap ${mib(heap)} MiB  file ${mib(file)} MiB`);
const half = samples.slice(samples.length >> 1);
const slope = (of: (sample: Sample) => number) => {
  const x = half.reduce((sum, { runs }) => sum + runs, 0) / half.length;
  const y = half.reduce((sum, sample) => sum + of(sample), 0) / half.length;
  const over = half.reduce((sum, sample) => sum + (sample.runs - x) * (of(sample) - y), 0);
  return over / half.reduce((sum, { runs }) => sum + (runs - x) ** 2, 0);
};
console.log(
  `${total} runs in ${Math.round((performance.now() - began) / 1_000)} s, cleaned ${samples.length} times, the longest ${Math.round(longestMs)} ms`,
);
console.log(
  `slope: heap ${slope(({ heap }) => heap).toFixed(1)} bytes a run, file ${slope(({ file }) => file).toFixed(1)} bytes a run`,
);
