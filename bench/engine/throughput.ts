/**
 * Durable runs a second, and how long a single run takes, for Cadre and for every engine of `peers/` that is installed, in one run
 * on one machine, each in a process of its own, round after round in turn; medians of the rounds.
 * `node bench/engine/throughput.ts [--runs 5000] [--in-flight 200] [--seconds 3] [--single 500] [--rounds 3] [--only cadre,sqlite-journal]`
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type Measured, measurePeer, percentile } from './measure-peer.ts';
import { bullmq } from './peers/bullmq.ts';
import { cadre } from './peers/cadre.ts';
import { cadrePostgres, cadrePostgresWorkers } from './peers/cadre-postgres.ts';
import { dbos } from './peers/dbos.ts';
import { graphileWorkerAlone, graphileWorkerGrouped } from './peers/graphile-worker.ts';
import { langgraph, langgraphDefault } from './peers/langgraph.ts';
import { mastra, mastraDefault } from './peers/mastra.ts';
import { n8n } from './peers/n8n.ts';
import { nats, natsDefault } from './peers/nats.ts';
import type { Peer } from './peers/peer.ts';
import { pgBossAlone, pgBossGrouped } from './peers/pg-boss.ts';
import { restate } from './peers/restate.ts';
import { sqliteJournal } from './peers/sqlite-journal.ts';

const PEERS: readonly Peer[] = [
  sqliteJournal,
  cadre,
  mastra,
  mastraDefault,
  langgraph,
  langgraphDefault,
  cadrePostgres,
  cadrePostgresWorkers,
  dbos,
  graphileWorkerAlone,
  graphileWorkerGrouped,
  pgBossAlone,
  pgBossGrouped,
  restate,
  bullmq,
  nats,
  natsDefault,
  n8n,
];
const CEILING = sqliteJournal.name;
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5000' },
    'in-flight': { type: 'string', default: '200' },
    seconds: { type: 'string', default: '3' },
    single: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    measure: { type: 'string' },
  },
});
/** What takes longer stands still, and the others are still to be measured. */
const LONGEST_MS = 60_000 + 5_000 * Number(values.seconds);

function medianOf([first, ...others]: readonly Measured[]): readonly Measured[] {
  if (first === undefined) return [];
  const medians = Object.entries(first).map(([field, value]) => {
    const all = [first, ...others].map((round) => round[field as keyof Measured]);
    return [field, typeof value === 'number' ? percentile(all.map(Number), 0.5) : value];
  });
  return [{ ...first, ...Object.fromEntries(medians) }];
}

/** None when it failed, which is said and keeps the others from nothing. */
function inProcessOfItsOwn(peer: Peer): readonly Measured[] {
  const given = process.argv.slice(2);
  const child = spawnSync(process.execPath, [import.meta.filename, ...given, '--measure', peer.name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  const last = child.stdout.trim().split('\n').at(-1) ?? '';
  if (child.status === 0) return [JSON.parse(last) as Measured];
  console.error(`\nFAILED: ${peer.name} ended with ${child.status ?? child.signal}\n`);
  process.exitCode = 1;
  return [];
}

function compare(asked: readonly Peer[]): void {
  const peers = asked.filter((peer) => {
    const lack = peer.lacks?.();
    if (lack !== undefined) console.error(`\nNOT MEASURED: ${peer.name}, which is not installed: ${lack}\n`);
    return lack === undefined;
  });
  const rounds = Array.from({ length: Number(values.rounds) }, () => peers.flatMap(inProcessOfItsOwn));
  const medians = peers.flatMap(({ name }) => medianOf(rounds.flat().filter(({ peer }) => peer === name)));
  const ceiling = medians.find((median) => median.peer === CEILING)?.runsPerSecond;
  console.table(
    medians.map(({ peer, ...numbers }) => ({
      peer,
      ...Object.fromEntries(
        Object.entries(numbers).map(([key, number]) => [key, Number(number.toPrecision(3))]),
      ),
      ...(ceiling === undefined ? {} : { ofCeiling: Number((numbers.runsPerSecond / ceiling).toFixed(3)) }),
    })),
  );
  console.log(JSON.stringify({ bench: 'throughput', node: process.version, ...values, medians }));
}

const only = values.only?.split(',');
const measured = PEERS.find((peer) => peer.name === values.measure);
if (measured === undefined) compare(PEERS.filter((peer) => only === undefined || only.includes(peer.name)));
else {
  const found = await measurePeer(measured, {
    runs: Number(values.runs),
    inFlight: Number(values['in-flight']),
    single: Number(values.single),
    seconds: Number(values.seconds),
  });
  console.log(JSON.stringify(found));
  // Some of them leave timers and connections behind.
  process.exit();
}
