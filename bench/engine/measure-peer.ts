import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenPeer, Peer } from './peers/peer.ts';
import { processorTimeOfChildren } from './peers/processor-time.ts';

export interface Measured {
  readonly peer: string;
  readonly inFlight: number;
  /** How many runs of five steps were made. */
  readonly runs: number;
  readonly runsPerSecond: number;
  /** Of the process that hands the runs in. */
  readonly cpuMsPerRun: number;
  /** Of all processes that it started: servers and other workers. */
  readonly serverCpuMsPerRun: number;
  readonly oneStepP50Ms: number;
  readonly oneStepP99Ms: number;
  readonly threeStepP50Ms: number;
  readonly threeStepP99Ms: number;
  readonly rssMb: number;
}

/** What is measured of each: so many, or as many as it makes in that time. */
export interface Amounts {
  readonly runs: number;
  readonly inFlight: number;
  /** Runs one after another, for the time of a single one. */
  readonly single: number;
  /** For the runs in flight; a third of it for what warms up, and for each kind of single run. */
  readonly seconds: number;
}

const STEPS = 5;
/** Until the machine code of both is there. */
const WARM_UP_RUNS = 2_000;

export async function measurePeer(peer: Peer, amounts: Amounts): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), `cadre-bench-${peer.name}-`));
  try {
    return await measureIn(folder, peer, amounts);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureIn(folder: string, peer: Peer, amounts: Amounts): Promise<Measured> {
  const { seconds, single } = amounts;
  const inFlight = Math.min(amounts.inFlight, peer.inFlight ?? amounts.inFlight);
  const open = await peer.open(folder);
  try {
    // Before the many: a database clears up for seconds after them, and whoever asks it then waits for that, too.
    await oneAfterAnother(open, 3, { runs: single, seconds: seconds / 3 });
    const oneStep = await oneAfterAnother(open, 1, { runs: single, seconds: seconds / 3 });
    const threeStep = await oneAfterAnother(open, 3, { runs: single, seconds: seconds / 3 });
    await manyAtOnce(open, inFlight, { runs: Math.min(WARM_UP_RUNS, amounts.runs), seconds: seconds / 3 });
    const before = process.cpuUsage();
    const serversBefore = processorTimeOfChildren();
    const began = performance.now();
    const runs = await manyAtOnce(open, inFlight, amounts);
    const took = (performance.now() - began) / 1_000;
    const cpu = process.cpuUsage(before);
    const servers = processorTimeOfChildren() - serversBefore;
    return {
      peer: peer.name,
      inFlight,
      runs,
      runsPerSecond: Math.round(runs / took),
      cpuMsPerRun: (cpu.user + cpu.system) / 1_000 / runs,
      serverCpuMsPerRun: servers / runs,
      oneStepP50Ms: percentile(oneStep, 0.5),
      oneStepP99Ms: percentile(oneStep, 0.99),
      threeStepP50Ms: percentile(threeStep, 0.5),
      threeStepP99Ms: percentile(threeStep, 0.99),
      rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  } finally {
    await open.close();
  }
}

interface Limit {
  readonly runs: number;
  readonly seconds: number;
}

/** How many were begun, and are over. */
async function manyAtOnce(open: OpenPeer, inFlight: number, limit: Limit): Promise<number> {
  const until = performance.now() + limit.seconds * 1_000;
  let begun = 0;
  const work = async () => {
    while (begun < limit.runs && performance.now() < until) {
      begun++;
      await open.run(STEPS);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return begun;
}

async function oneAfterAnother(open: OpenPeer, steps: number, limit: Limit): Promise<readonly number[]> {
  const until = performance.now() + limit.seconds * 1_000;
  const times: number[] = [];
  while (times.length < limit.runs && performance.now() < until) {
    const began = performance.now();
    await open.run(steps);
    times.push(performance.now() - began);
  }
  return times;
}

export function percentile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
