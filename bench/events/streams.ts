/**
 * A stream of so many bytes written by one action and kept as an artifact, read and written again by another, and read as a file
 * by a third, through the real engine's call, gate, sandbox and worker processes: how much the memory of the host and of the
 * workers grows meanwhile. `node bench/events/streams.ts [--mib 1024] [--postgres]`
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { referencesIn } from '@cadre/core/history';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import { createLargeValues } from '../../packages/host/src/engine/large-values.ts';
import { performWhole } from '../../packages/host/src/engine/perform-whole.ts';
import { openPostgresStore } from '../../packages/host/src/stores/open-postgres-store.ts';
import { openSqliteStore } from '../../packages/host/src/stores/open-sqlite-store.ts';
import { startPostgres } from '../../packages/host/src/testing/postgres-server.ts';
import { sampleCall, UNHEARD } from '../../packages/host/src/testing/sample-call.ts';
import { gateFixture } from '../../packages/host/test/gate-fixture.ts';

const { values: given } = parseArgs({
  options: { mib: { type: 'string', default: '1024' }, postgres: { type: 'boolean', default: false } },
});
const bytes = Number(given.mib) * 1024 * 1024;

const fixture = await gateFixture('streamer');
const gate = fixture.newGate();
const server = given.postgres ? await startPostgres({ sync: true }) : undefined;
const store =
  server === undefined
    ? await openSqliteStore(join(fixture.dataDir, 'cadre.db'))
    : await openPostgresStore(server.url, 'bench');
const values = createLargeValues(store.artifacts, { now: Date.now });

/** Highest resident set in MiB, of this process and of the one whose arguments name the fixture's worker. */
const peak = { host: 0, worker: 0 };
const look = setInterval(() => {
  peak.host = Math.max(peak.host, process.memoryUsage.rss());
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const isWorker =
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]?.endsWith('/node') === true;
      const status = isWorker ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
      if (!status.includes(`${fixture.workers}/streamer`)) continue;
      const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      peak.worker = Math.max(peak.worker, Number(kib) * 1024);
    } catch {
      // It has ended.
    }
  }
}, 20);

async function perform(action: string, input: JsonObject): Promise<JsonObject> {
  const { outcome } = await performWhole(
    { gate, values },
    sampleCall(`streamer/${action}`, input),
    new AbortController().signal,
    UNHEARD,
  );
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.output as JsonObject;
}

async function round(size: number) {
  peak.host = 0;
  peak.worker = 0;
  const began = performance.now();
  const { made } = await perform('produce', { bytes: size });
  const [first = null] = made as JsonValue[];
  const written = performance.now();
  const { made: second = null } = await perform('copy', { from: first });
  const copied = performance.now();
  const weighed = await perform('weigh', { file: second });
  const read = performance.now();
  await gate.endRun('run_1');
  const mebibytes = size / 1024 / 1024;
  const rate = (from: number, to: number) => Math.round(mebibytes / ((to - from) / 1000));
  return {
    size: weighed['size'],
    same: [first, second].every((one) => referencesIn(one)[0]?.digest === `sha256:${weighed['sha256']}`),
    writeMiBs: rate(began, written),
    copyMiBs: rate(written, copied),
    asFileMiBs: rate(copied, read),
    hostMiB: Math.round(peak.host / 1024 / 1024),
    workerMiB: Math.round(peak.worker / 1024 / 1024),
  };
}

const warm = await round(8 * 1024 * 1024);
const large = await round(bytes);
clearInterval(look);
console.log(
  JSON.stringify(
    {
      warm,
      large,
      hostGrowthMiB: large.hostMiB - warm.hostMiB,
      workerGrowthMiB: large.workerMiB - warm.workerMiB,
    },
    undefined,
    2,
  ),
);
await store.close();
await server?.close();
await fixture.remove();
