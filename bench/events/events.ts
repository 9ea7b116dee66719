/**
 * What events cost: replaying a run of 10,000 steps, reading on through everything, and how late a listener in the same process
 * hears of an append.
 * `node bench/events/events.ts [--steps 10000] [--runs 5000]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openEvents } from '../../packages/host/src/bus/open-events.ts';
import { replayStream } from '../../packages/host/src/bus/replay-stream.ts';
import { systemClock } from '../../packages/host/src/clock.ts';
import { openSqliteStore } from '../../packages/host/src/stores/open-sqlite-store.ts';
import {
  begun,
  created,
  done,
  SAMPLE_DEFINITION,
  started,
  succeeded,
} from '../../packages/host/src/testing/sample-events.ts';

const { values } = parseArgs({
  options: { steps: { type: 'string', default: '10000' }, runs: { type: 'string', default: '5000' } },
});
const folder = mkdtempSync(join(tmpdir(), 'cadre-bench-events-'));
const store = await openSqliteStore(join(folder, 'cadre.db'));
await store.runs.putDefinition('h1', SAMPLE_DEFINITION, 1);

const hearers = new Set<() => void>();
const events = openEvents({
  store,
  workspace: 'bench',
  clock: systemClock(),
  heard(hear) {
    hearers.add(hear);
    return () => hearers.delete(hear);
  },
  warn: console.error,
});

const steps = Number(values.steps);
const one = Array.from({ length: steps }, (_, index) => [begun(1, `s${index}`), done(2, `s${index}`)]).flat();
await store.runs.create('run_long', [created(1), started(1)]);
await store.runs.append('run_long', 2, [...one, succeeded(3)]);
const replays: number[] = [];
for (let round = 0; round < 5; round += 1) {
  const began = performance.now();
  await replayStream(store, 'bench', 'run_long', () => undefined);
  replays.push(performance.now() - began);
}

for (let run = 0; run < Number(values.runs); run += 500) {
  const all = Array.from({ length: 500 }, (_, index) => {
    const five = [0, 1, 2, 3, 4].flatMap((step) => [begun(1, `s${step}`), done(2, `s${step}`)]);
    return store.runs.create(`run_${run + index}`, [created(1), started(1), ...five, succeeded(3)]);
  });
  await Promise.all(all);
}
const began = performance.now();
let read = 0;
for await (const _ of await events.follow({ after: 'start', wait: false })) read += 1;
const readPerSecond = read / ((performance.now() - began) / 1_000);

await store.runs.create('run_live', [created(1), started(1)]);
const late: number[] = [];
let told: PromiseWithResolvers<void> | undefined;
await events.subscribe('step.*', () => told?.resolve());
for (let step = 0; step < 500; step += 1) {
  told = Promise.withResolvers();
  const appended = performance.now();
  await store.runs.append('run_live', 2 + step, [begun(1, `s${step}`)]);
  for (const hear of hearers) hear();
  await told.promise;
  late.push(performance.now() - appended);
}
const median = (numbers: number[]) =>
  Number((numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? 0).toFixed(2));
console.log(
  JSON.stringify(
    {
      replayedEvents: one.length + 3,
      replayMs: median(replays),
      readOn: read,
      readOnPerSecond: Math.round(readPerSecond),
      appendAndHearP50Ms: median(late),
    },
    undefined,
    2,
  ),
);
events.close();
await store.close();
rmSync(folder, { recursive: true, force: true });
