/**
 * Durable runs a second, and how long a single run takes, for Cadre and for whatever stands in `peers/`, in one run on one
 * machine, each in a process of its own, round after round in turn; medians of the rounds.
 * `node bench/engine/throughput.ts [--runs 5000] [--in-flight 200] [--rounds 3] [--only cadre,sqlite-journal]`
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cadre } from './peers/cadre.ts';
import { cadrePostgres, cadrePostgresWorkers } from './peers/cadre-postgres.ts';
import type { OpenPeer, Peer } from './peers/peer.ts';
import { sqliteJournal } from './peers/sqlite-journal.ts';

const PEERS: readonly Peer[] = [sqliteJournal, cadre, cadrePostgres, cadrePostgresWorkers];
const CEILING = sqliteJournal.name;
const STEPS = 5;
/** Until the machine code of both is there. */
const WARM_UP_RUNS = 2_000;

interface Measured {
  readonly peer: string;
  /** Runs of five steps a second. */
  readonly runsPerSecond: number;
  readonly cpuMsPerRun: number;
  readonly oneStepP50Ms: number;
  readonly oneStepP99Ms: number;
  readonly threeStepP50Ms: number;
  readonly threeStepP99Ms: number;
  readonly rssMb: number;
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5000' },
    'in-flight': { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    /** Runs one after another, for the time of a single one. */
    single: { type: 'string', default: '500' },
    only: { type: 'string' },
    measure: { type: 'string' },
  },
});

async function measure(peer: Peer): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), `cadre-bench-${peer.name}-`));
  const open = await peer.open(folder);
  try {
    // Before the many: PostgreSQL clears up for seconds after them, and whatever is asked then waits for that, too.
    await oneAfterAnother(open, 3);
    const oneStep = await oneAfterAnother(open, 1);
    const threeStep = await oneAfterAnother(open, 3);
    await inFlight(open, Math.min(WARM_UP_RUNS, Number(values.runs)));
    const before = process.cpuUsage();
    const began = performance.now();
    const runs = Number(values.runs);
    await inFlight(open, runs);
    const seconds = (performance.now() - began) / 1_000;
    const cpu = process.cpuUsage(before);
    return {
      peer: peer.name,
      runsPerSecond: Math.round(runs / seconds),
      cpuMsPerRun: (cpu.user + cpu.system) / 1_000 / runs,
      oneStepP50Ms: percentile(oneStep, 0.5),
      oneStepP99Ms: percentile(oneStep, 0.99),
      threeStepP50Ms: percentile(threeStep, 0.5),
      threeStepP99Ms: percentile(threeStep, 0.99),
      rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  } finally {
    await open.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inFlight(open: OpenPeer, runs: number): Promise<void> {
  let left = runs;
  const work = async () => {
    while (left-- > 0) await open.run(STEPS);
  };
  await Promise.all(Array.from({ length: Number(values['in-flight']) }, work));
}

async function oneAfterAnother(open: OpenPeer, steps: number): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < Number(values.single); run++) {
    const began = performance.now();
    await open.run(steps);
    times.push(performance.now() - began);
  }
  return times;
}

function percentile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function medianOf(rounds: readonly Measured[]): Measured {
  const [first] = rounds;
  if (first === undefined) throw new Error('nothing was measured');
  const fields = Object.keys(first).filter((key): key is Exclude<keyof Measured, 'peer'> => key !== 'peer');
  const medians = fields.map(
    (field) =>
      [
        field,
        percentile(
          rounds.map((round) => round[field]),
          0.5,
        ),
      ] as const,
  );
  return { ...first, ...Object.fromEntries(medians) };
}

function inProcessOfItsOwn(peer: Peer): Measured {
  const given = process.argv.slice(2);
  const child = spawnSync(process.execPath, [import.meta.filename, ...given, '--measure', peer.name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) throw new Error(`${peer.name} ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout) as Measured;
}

function compare(peers: readonly Peer[]): void {
  const rounds = Array.from({ length: Number(values.rounds) }, () => peers.map(inProcessOfItsOwn));
  const medians = peers.map((_, index) => medianOf(rounds.flatMap((round) => round[index] ?? [])));
  const ceiling = medians.find((median) => median.peer === CEILING)?.runsPerSecond;
  console.table(
    medians.map(({ peer, ...numbers }) => ({
      peer,
      ...Object.fromEntries(
        Object.entries(numbers).map(([key, number]) => [key, Number(number.toPrecision(3))]),
      ),
      ...(ceiling === undefined ? {} : { ofCeiling: Number((numbers.runsPerSecond / ceiling).toFixed(2)) }),
    })),
  );
  console.log(JSON.stringify({ bench: 'throughput', node: process.version, ...values, medians }));
}

const only = values.only?.split(',');
const measured = PEERS.find((peer) => peer.name === values.measure);
if (measured !== undefined) console.log(JSON.stringify(await measure(measured)));
else compare(PEERS.filter((peer) => only === undefined || only.includes(peer.name)));
