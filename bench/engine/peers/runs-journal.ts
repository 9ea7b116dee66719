import { Pool } from 'pg';

/** A row of the journal that users of a job queue keep beside it, to know what a run has done. */
export interface Fact {
  readonly run: string;
  readonly number: number;
  readonly type: string;
  readonly data: string;
}

/** A job of the queue: one step of a run of so many. */
export interface StepJob {
  readonly run: string;
  readonly step: number;
  readonly steps: number;
}

/** With the four columns as `$1` to `$4`. A step that is done again after a crash changes nothing. */
export const INSERT_FACTS = `INSERT INTO journal (run, number, type, data)
  SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::jsonb[]) ON CONFLICT DO NOTHING`;

export const factColumns = (facts: readonly Fact[]) => [
  facts.map(({ run }) => run),
  facts.map(({ number }) => number),
  facts.map(({ type }) => type),
  facts.map(({ data }) => data),
];

export async function openRunsJournal(url: string, connections: number) {
  const pool = new Pool({ connectionString: url, max: connections });
  pool.on('error', console.error);
  pool.on('connect', (client) => client.on('error', console.error));
  await pool.query(`CREATE TABLE journal (run text NOT NULL, number int NOT NULL, type text NOT NULL, data jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (run, number))`);
  const ends = new Map<string, () => void>();
  let runs = 0;

  return {
    pool,
    newRun() {
      const run = `run-${++runs}`;
      const ended = new Promise<void>((resolve) => ends.set(run, resolve));
      const started: Fact = { run, number: 0, type: 'run.started', data: '{}' };
      return { started, ended };
    },
    stepDone: (run: string, step: number): Fact => ({
      run,
      number: step,
      type: 'step.completed',
      data: JSON.stringify({ ok: step }),
    }),
    runDone: (run: string, steps: number): Fact => ({
      run,
      number: steps + 1,
      type: 'run.completed',
      data: '{}',
    }),
    /** To whoever waits for the run, once its last row is committed. */
    tellEnd(run: string): void {
      ends.get(run)?.();
      ends.delete(run);
    },
  };
}
