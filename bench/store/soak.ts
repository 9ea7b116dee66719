/**
 * Runs in a loop under retention: neither memory nor file may grow. `node bench/store/soak.ts [--runs 20000] [--keep 500]
 * [--samples 200]`. After each sample's share of the runs it is cleaned and looked at. Exit code 1 when a line through the second
 * half rises by more than it may.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../packages/host/src/clock.ts';
import { createPlaces } from '../../packages/host/src/dispatch/create-places.ts';
import { openEngine } from '../../packages/host/src/engine/engine.ts';
import { thisProcess } from '../../packages/host/src/engine/holder.ts';
import { openSqliteStore } from '../../packages/host/src/stores/open-sqlite-store.ts';
import { sampleAction, sampleWorkflow } from '../../packages/host/src/testing/sample-workflow.ts';
import { clean } from '../../packages/host/src/upkeep/clean.ts';
import { nothing, runToEnd } from '../engine/peers/cadre.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20000' },
    keep: { type: 'string', default: '500' },
    samples: { type: 'string', default: '200' },
  },
});
const total = Number(values.runs);
const most = Number(values.keep);
const AT_ONCE = 200;
const MIB = 1024 ** 2;
/** Each is cleaned by itself: fewer would be no loop. */
const each = Math.max(1_000, Math.ceil(total / Number(values.samples)));

/** What may grow by how much over the second half, in bytes or in parts of its mean, whichever is more. */
const MAY_GROW = {
  heap: { bytes: MIB, part: 0.05 },
  rss: { bytes: 16 * MIB, part: 0.1 },
  file: { bytes: MIB, part: 0.05 },
};

interface Sample {
  readonly runs: number;
  readonly heap: number;
  readonly rss: number;
  /** With its log. */
  readonly file: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

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

const keepAll = async () => ({ records: 0, removed: { records: 0, bytes: 0 }, keepMs: 0 });

const samples: Sample[] = [];
let longestMs = 0;
let cleaningMs = 0;
const began = performance.now();
try {
  for (let runs = 0; runs < total; runs += each) {
    const more = Math.min(each, total - runs);
    await runMany(more);
    const before = performance.now();
    await clean(
      { ...store, clock, retention, trimAudit: keepAll },
      { planOnly: false, principal: 'system', alone: false },
    );
    const took = performance.now() - before;
    longestMs = Math.max(longestMs, took);
    cleaningMs += took;
    collectGarbage();
    const { heapUsed: heap, rss } = process.memoryUsage();
    const sample = { runs: runs + more, heap, rss, file: statSync(path).size + statSync(`${path}-wal`).size };
    samples.push(sample);
    console.log(`${String(sample.runs).padStart(7)}  ${sizes(sample)}  after ${seconds()} s`);
  }
} finally {
  await engine.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

const half = samples.slice(samples.length >> 1);
const rows = (['heap', 'rss', 'file'] as const).map((what) => {
  const slope = slopeOf(half.map((sample) => ({ x: sample.runs, y: sample[what] })));
  const grown = slope * ((half.at(-1)?.runs ?? 0) - (half[0]?.runs ?? 0));
  const mayGrow = Math.max(MAY_GROW[what].bytes, MAY_GROW[what].part * mean(half.map((one) => one[what])));
  return {
    what,
    bytesARun: Number(slope.toFixed(2)),
    grownMib: mib(grown),
    mayMib: mib(mayGrow),
    flat: grown <= mayGrow,
  };
});
console.table(rows);
const flat = rows.every((row) => row.flat);
console.log(
  `${total} runs in ${seconds()} s, cleaned ${samples.length} times in ${Math.round(cleaningMs / 1_000)} of them, the longest ${Math.round(longestMs)} ms: ${flat ? 'flat' : 'NOT FLAT'}`,
);
console.log(
  JSON.stringify({
    bench: 'soak',
    runs: total,
    keep: most,
    seconds: seconds(),
    flat,
    rows,
    last: samples.at(-1),
  }),
);
process.exitCode = flat ? 0 : 1;

/** So many, `AT_ONCE` at any time. */
async function runMany(count: number): Promise<void> {
  let left = count;
  const work = async () => {
    while (left-- > 0) await runToEnd(engine, workflow);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function sizes({ heap, rss, file }: Sample): string {
  return `heap ${mib(heap)}  rss ${mib(rss)}  file ${mib(file)} MiB`;
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(2);
}

function seconds(): number {
  return Math.round((performance.now() - began) / 1_000);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** Of the line that fits best. */
function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const [x, y] = [mean(points.map((point) => point.x)), mean(points.map((point) => point.y))];
  const over = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0);
  return over / points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
}
