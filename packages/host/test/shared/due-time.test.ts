import type { ChildProcess } from 'node:child_process';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../../src/testing/postgres-server.ts';
import { kill, openSharedPlace, type SharedPlace } from './cadre-process.ts';

const TRIGGER = `apiVersion: cadre/v1
kind: Trigger
metadata: { name: often }
spec:
  on: { schedule: "*/2 * * * * *" }
  missed: all
  overlap: allow
  run: rests
`;
const WORKFLOW = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: rests }
spec:
  steps: [{ id: rests, wait: { for: 1ms } }]
`;

describe.skipIf(lacksPostgres())('a time that is due, with many processes that see it', () => {
  let server: PostgresServer;
  let place: SharedPlace;
  let client: pg.Client;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    place = openSharedPlace();
    place.write('.cadre/triggers/often.yaml', TRIGGER);
    place.write('.cadre/workflows/rests.yaml', WORKFLOW);
    client = new pg.Client(server.url);
    await client.connect();
  });
  afterEach(async () => {
    await client.end();
    await place.close();
  });

  const serve = (): ChildProcess => place.start(server.url, ['serve', '--no-http']);
  const ask = async (sql: string) =>
    (await client.query(sql.replaceAll('%', `${place.schema}.`))).rows as Record<string, string>[];
  const fired = async () => {
    const rows = await ask("SELECT count(*) AS n FROM %firings WHERE status = 'succeeded'").catch(() => []);
    return Number(rows[0]?.['n'] ?? 0);
  };

  /** Of each time one firing, from the first to the last without a gap; of each firing that is over one run, and no other. */
  async function expectOneEach(): Promise<void> {
    await place.killAll();
    const firings = await ask('SELECT key, status, run FROM %firings ORDER BY due');
    const times = firings.map(({ key = '' }) => Number(key.slice('due:'.length)));
    expect(times).toEqual(times.map((_, index) => (times[0] as number) + index * 2_000));
    const noted = firings.map(({ run }) => run);
    const runs = (await ask('SELECT id FROM %runs')).map(({ id }) => id);
    expect(runs.filter((id) => !noted.includes(id))).toEqual([]);
    const over = firings.flatMap(({ status, run }) => (status === 'succeeded' ? [run] : []));
    expect(over.filter((id) => !runs.includes(id))).toEqual([]);
    expect(new Set(over).size).toBe(over.length);
  }

  test('is claimed once, also when processes die meanwhile [FND-80]', async () => {
    const serving = [serve(), serve(), serve()];
    await place.until('it has fired', async () => (await fired()) >= 3, 60_000);
    await kill(serving[0] as ChildProcess);
    const before = await fired();
    await place.until('the others go on', async () => (await fired()) >= before + 3, 60_000);
    await Promise.all(serving.map(kill));
    serve();
    const after = await fired();
    await place.until('another goes on', async () => (await fired()) >= after + 2, 60_000);
    await expectOneEach();
  }, 200_000);

  test('becomes one run though the process that claimed it was killed before it made the run [FND-80]', async () => {
    const first = serve();
    await place.until('it has fired', async () => (await fired()) >= 1, 60_000);
    // No run can be made while this stands, and whoever wants to make one waits.
    await client.query(`BEGIN; LOCK TABLE ${place.schema}.runs IN SHARE ROW EXCLUSIVE MODE`);
    const claimed = () =>
      ask(`SELECT run FROM %firings WHERE status = 'running' AND run NOT IN (SELECT id FROM %runs)`);
    await place.until(
      'a time is claimed, and its run is not there',
      async () => (await claimed()).length > 0,
      60_000,
    );
    await kill(first);
    const orphans = (await claimed()).map(({ run }) => run);
    await client.query('COMMIT');
    for (let count = 0; count < 3; count += 1) serve();
    await place.until(
      'its run is there, and over',
      async () => {
        const done = await ask("SELECT run FROM %firings WHERE status = 'succeeded'");
        return orphans.every((run) => done.some((row) => row['run'] === run));
      },
      120_000,
    );
    await expectOneEach();
  }, 240_000);
});
