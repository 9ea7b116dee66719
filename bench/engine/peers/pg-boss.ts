import { startPostgres } from '../../../packages/host/src/testing/postgres-server.ts';
import { groupCommits } from './group-commits.ts';
import { importPeer, lacking } from './installed-peer.ts';
import type { Peer } from './peer.ts';
import { type Fact, factColumns, INSERT_FACTS, openRunsJournal, type StepJob } from './runs-journal.ts';

/** What one transaction writes: facts of a run, and the job of what comes next. */
interface Commit {
  readonly facts: readonly Fact[];
  readonly next?: StepJob;
}

const QUEUE = 'step';

/** A job for each step, whose transaction writes what the step gave and sends the job of the next; workers are woken by NOTIFY. */
function pgBoss(name: string, grouped: boolean): Peer {
  return {
    name,
    lacks: lacking(['pg-boss'], { initdb: 'postgresql' }),
    async open() {
      const { PgBoss } = await importPeer('pg-boss');
      const server = await startPostgres({ sync: true });
      const journal = await openRunsJournal(server.url, 40);
      const boss = new PgBoss({ connectionString: server.url, useListenNotify: true, max: 16 });
      boss.on('error', (error: unknown) => console.error(error));
      await boss.start();
      await boss.createQueue(QUEUE, { notify: true, partition: true });

      async function write(commits: readonly Commit[]): Promise<void> {
        const client = await journal.pool.connect();
        const db = { executeSql: (text: string, values: unknown[]) => client.query(text, values) };
        const next = commits.flatMap((commit) => (commit.next === undefined ? [] : { data: commit.next }));
        try {
          await client.query('BEGIN');
          await client.query(INSERT_FACTS, factColumns(commits.flatMap(({ facts }) => facts)));
          if (next.length > 0) await boss.insert(QUEUE, next, { db });
          await client.query('COMMIT');
        } finally {
          client.release();
        }
      }
      const commit = grouped ? groupCommits(write) : (one: Commit) => write([one]);

      async function step({ run, step: number, steps }: StepJob): Promise<void> {
        const done = journal.stepDone(run, number);
        if (number < steps) return commit({ facts: [done], next: { run, step: number + 1, steps } });
        await commit({ facts: [done, journal.runDone(run, number)] });
        journal.tellEnd(run);
      }

      await boss.work(
        QUEUE,
        {
          // Unless told so, it takes one job every two seconds.
          batchSize: grouped ? 200 : 20,
          localConcurrency: grouped ? 3 : 8,
          burstWhenBatchFull: true,
          pollingIntervalSeconds: 0.5,
          notifyPollingIntervalSeconds: 2,
        },
        async (jobs: readonly { readonly data: StepJob }[]) => {
          await Promise.all(jobs.map(({ data }) => step(data)));
        },
      );

      return {
        async run(steps) {
          const { started, ended } = journal.newRun();
          await commit({ facts: [started], next: { run: started.run, step: 1, steps } });
          await ended;
        },
        async close() {
          await boss.stop({ graceful: false });
          await journal.pool.end();
          await server.close();
        },
      };
    },
  };
}

export const pgBossAlone = pgBoss('pg-boss', false);
/** The steps of many runs committed together: more than its users write. */
export const pgBossGrouped = pgBoss('pg-boss-grouped', true);
