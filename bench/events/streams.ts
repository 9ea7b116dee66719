/**
 * A stream of so many bytes written by one action, read and written again by another, and read by a third, through the real
 * gate, sandbox and worker processes: how much the memory of the host and of the workers grows meanwhile.
 * `node bench/events/streams.ts [--mib 1024]`
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { JsonObject } from '@cadre/sdk';
import { gateFixture } from '../../packages/host/test/gate-fixture.ts';

const { values } = parseArgs({ options: { mib: { type: 'string', default: '1024' } } });
const bytes = Number(values.mib) * 1024 * 1024;

const fixture = await gateFixture('streamer');
const gate = fixture.newGate();

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
  const { outcome } = await fixture.perform(gate, `streamer/${action}`, input);
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.output as JsonObject;
}

async function round(size: number) {
  peak.host = 0;
  peak.worker = 0;
  const began = performance.now();
  const { made } = await perform('produce', { bytes: size });
  const [first] = made as [JsonObject];
  const written = performance.now();
  const { made: second } = await perform('copy', { from: first ?? {} });
  const copied = performance.now();
  await gate.endRun('run_1');
  const mebibytes = size / 1024 / 1024;
  return {
    size: (second as JsonObject)['size'],
    same: (second as JsonObject)['sha256'] === first?.['sha256'],
    writeMiBs: Math.round(mebibytes / ((written - began) / 1000)),
    copyMiBs: Math.round(mebibytes / ((copied - written) / 1000)),
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
await fixture.remove();
