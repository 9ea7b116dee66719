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

const COMMIT = `WITH written AS (${INSERT_FACTS}) SELECT graphile_worker.add_jobs(ARRAY(
  SELECT json_populate_record(NULL::graphile_worker.job_spec, job) FROM json_array_elements($5::json) AS job))`;

/** A job for each step, whose transaction writes what the step gave and adds the job of the next. */
function graphileWorker(name: string, grouped: boolean): Peer {
  return {
    name,
    lacks: lacking(['graphile-worker'], { initdb: 'postgresql' }),
    async open() {
      const { run, runMigrations, Logger } = await importPeer('graphile-worker');
      const server = await startPostgres({ sync: true });
      const journal = await openRunsJournal(server.url, grouped ? 12 : 40);
      const { pool } = journal;
      await runMigrations({ pgPool: pool });

      async function write(commits: readonly Commit[]): Promise<void> {
        const jobs = commits.flatMap(({ next }) => next ?? []);
        const specs = jobs.map((payload) => ({ identifier: 'step', payload }));
        const columns = factColumns(commits.flatMap(({ facts }) => facts));
        if (specs.length === 0) await pool.query({ name: 'facts', text: INSERT_FACTS, values: columns });
        else await pool.query({ name: 'commit', text: COMMIT, values: [...columns, JSON.stringify(specs)] });
      }
      const commit = grouped ? groupCommits(write) : (one: Commit) => write([one]);

      const runner = await run({
        pgPool: pool,
        // More than ten gave fewer runs a second.
        concurrency: grouped ? 200 : 10,
        noHandleSignals: true,
        logger: new Logger(() => (level: string, message: string) => {
          if (level === 'error') console.error(message);
        }),
        ...(grouped
          ? {
              preset: {
                worker: { localQueue: { size: 400 }, completeJobBatchDelay: 1, failJobBatchDelay: 1 },
              },
            }
          : {}),
        taskList: {
          async step(job: StepJob) {
            const done = journal.stepDone(job.run, job.step);
            if (job.step < job.steps) return commit({ facts: [done], next: { ...job, step: job.step + 1 } });
            await commit({ facts: [done, journal.runDone(job.run, job.step)] });
            journal.tellEnd(job.run);
          },
        },
      });

      return {
        async run(steps) {
          const { started, ended } = journal.newRun();
          await commit({ facts: [started], next: { run: started.run, step: 1, steps } });
          await ended;
        },
        async close() {
          await runner.stop();
          await pool.end();
          await server.close();
        },
      };
    },
  };
}

export const graphileWorkerAlone = graphileWorker('graphile-worker', false);
/** Jobs fetched and completed in batches, and the steps of many runs committed together: more than its users write. */
export const graphileWorkerGrouped = graphileWorker('graphile-worker-grouped', true);
