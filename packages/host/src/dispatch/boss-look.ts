import type { WorkQueue } from '../ports/dispatch.ts';
import type { SharedStore } from '../ports/shared-journal.ts';
import { ageIn } from './aged-priority.ts';
import { queueName } from './boss-job.ts';

interface Options {
  readonly store: SharedStore;
  readonly schema: string;
  /** Resolves when the tables are there. */
  readonly open: () => Promise<unknown>;
  readonly prepare: (className: string) => Promise<void>;
  /** Of the jobs of a class that is prepared. */
  readonly tableOf: (className: string) => string | undefined;
}

/** What can be asked about jobs, wherever they are: in the queue of their class, claimed directly, or before one place. */
export function createBossLook({
  store,
  schema,
  open,
  prepare,
  tableOf,
}: Options): Pick<WorkQueue, 'isEmpty' | 'listClasses' | 'listRuns' | 'listJobs' | 'countAhead' | 'waiting'> {
  return {
    async isEmpty() {
      await open();
      const { rows } = await store.executeSql(
        `(SELECT 1 FROM ${schema}.job WHERE name IN (SELECT queue FROM ${schema}.classes) AND state < 'completed' LIMIT 1)
          UNION ALL (SELECT 1 FROM ${schema}.direct LIMIT 1) UNION ALL (SELECT 1 FROM ${schema}.placed LIMIT 1)`,
      );
      return rows.length === 0;
    },
    async listClasses() {
      await open();
      const { rows } = await store.executeSql(`SELECT class FROM ${schema}.classes ORDER BY class`);
      return rows.map((row) => String(row.class));
    },
    async listRuns() {
      await open();
      const { rows } = await store.executeSql(
        `SELECT data->>'run' AS run FROM ${schema}.job WHERE state < 'completed'
          UNION SELECT run FROM ${schema}.direct UNION SELECT run FROM ${schema}.placed`,
      );
      return new Set(rows.map(({ run }) => String(run)));
    },
    async listJobs(run) {
      await open();
      const { rows } = await store.executeSql(
        `SELECT id, priority, class, taken, place, assignment->'command'->>'step' AS step FROM (
            SELECT job.id, priority + ${ageIn('job.created_on')} AS priority, class, state = 'active' AS taken, NULL AS place, (data->>'assignment')::json AS assignment
              FROM ${schema}.job AS job JOIN ${schema}.classes AS classes ON classes.queue = job.name
              WHERE data->>'run' = $1 AND state < 'completed'
            UNION ALL SELECT id, 0, class, true, NULL, (data::json->>'assignment')::json FROM ${schema}.direct WHERE run = $1
            UNION ALL SELECT id, priority, class, false, place, (data::json->>'assignment')::json
              FROM ${schema}.placed WHERE run = $1
          ) AS jobs WHERE assignment->>'task' = 'perform' ORDER BY id`,
        [run],
      );
      return rows.map(({ id, priority, class: name, taken, place, step }) => ({
        id: String(id),
        priority: Number(priority),
        class: String(name),
        taken: taken === true,
        step: String(step),
        ...(place === null ? {} : { place: String(place) }),
      }));
    },
    async countAhead({ id, class: className }, most) {
      await prepare(className);
      // In the order in which each is taken; it stands in one of the two.
      const { rows } = await store.executeSql(
        `SELECT (SELECT count(*) FROM (SELECT 1 FROM ${tableOf(className)} AS job,
          (SELECT priority, created_on FROM ${tableOf(className)} WHERE name = $1 AND id = $2) AS mine
          WHERE job.name = $1 AND job.state < 'active' AND (job.priority > mine.priority
            OR (job.priority = mine.priority AND job.created_on < mine.created_on)) LIMIT $3) AS before)::int
          + (SELECT count(*) FROM (SELECT 1 FROM ${schema}.placed AS job,
          (SELECT place, priority, created_on FROM ${schema}.placed WHERE id = $2) AS mine
          WHERE job.place = mine.place AND job.class = $4 AND (job.priority > mine.priority
            OR (job.priority = mine.priority AND job.created_on < mine.created_on)) LIMIT $3) AS before)::int AS ahead`,
        [queueName(className), id, most, className],
      );
      return Number(rows[0]?.ahead);
    },
    async waiting() {
      await open();
      const found = await store.executeSql(
        `SELECT classes.class, count(job.class)::int AS waiting, extract(epoch FROM min(job.created_on)) * 1000 AS oldest
          FROM ${schema}.classes AS classes LEFT JOIN (
            SELECT classes.class, job.created_on FROM ${schema}.classes AS classes
              JOIN ${schema}.job AS job ON job.name = classes.queue AND job.state < 'active'
            UNION ALL SELECT class, created_on FROM ${schema}.placed
          ) AS job USING (class) GROUP BY 1 ORDER BY 1`,
      );
      return found.rows.map(({ class: name, waiting, oldest }) => ({
        class: String(name),
        waiting: Number(waiting),
        ...(oldest === null ? {} : { oldest: Math.round(Number(oldest)) }),
      }));
    },
  };
}
