import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { sampleAction, sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { type Script, succeed, untilStopped } from '../testing/scripted-gate.ts';
import { until } from '../testing/until.ts';
import { readOn, readState } from './journal.ts';
import { openWorld, startSample, type World } from './testing/world.ts';

const asks = sampleWorkflow([
  sampleStep('ask', { kind: 'approval', prompt: 'Go on?', default: 'deny' }),
  sampleAction('a'),
]);

/** An action that goes on until it is let go, or stopped. */
function gated(): Script & { letGo(): void; again(): void } {
  let waiting = Promise.withResolvers<void>();
  return {
    perform: (call, signal) =>
      Promise.race([waiting.promise.then(() => succeed(call.attempt)), untilStopped(signal)]),
    letGo: () => waiting.resolve(),
    again() {
      waiting = Promise.withResolvers();
    },
  };
}

describe.skipIf(lacksPostgres())('a backup that is brought back under living processes', () => {
  let server: PostgresServer;
  let world: World;
  let client: pg.Client;
  let said: unknown[];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    world = openWorld(server.url);
    said = [];
    client = new pg.Client(server.url);
    await client.connect();
  });
  afterEach(async () => {
    await client.end();
    await world.close();
  });
  const warn = (error: unknown) => void said.push(error);

  async function tables(): Promise<string[]> {
    const { rows } = await client.query(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname IN ($1, $2) AND tablename NOT IN ('job', 'transactions')`,
      [world.schema, `${world.schema}_work`],
    );
    return rows.map(({ name }) => name);
  }

  /** Everything as it is now; answers the way to bring it back, whoever uses it. */
  async function backUp(): Promise<() => Promise<void>> {
    const names = await tables();
    const copies = names.map((name, index) => ({ name, copy: `backup_${world.schema}_${index}` }));
    for (const { name, copy } of copies) await client.query(`CREATE TABLE ${copy} AS TABLE ${name}`);
    return async () => {
      await client.query('BEGIN');
      // Neither triggers nor references: as `pg_restore --disable-triggers` does it.
      await client.query(`SET LOCAL session_replication_role = replica`);
      await client.query(`TRUNCATE ${names.join(', ')} CASCADE`);
      for (const { name, copy } of copies) {
        const { rows } = await client.query(
          `SELECT string_agg(quote_ident(attname), ', ') AS columns FROM pg_attribute
            WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
          [name],
        );
        const { columns } = rows[0];
        await client.query(
          `INSERT INTO ${name} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${copy}`,
        );
      }
      await client.query('COMMIT');
    };
  }

  async function journalOf(run: string) {
    const { rows } = await client.query(
      `SELECT events.number, events.event::json AS event FROM ${world.schema}.events
        JOIN ${world.schema}.runs ON runs.key = events.run WHERE runs.id = $1 ORDER BY events.number`,
      [run],
    );
    return rows.map(({ number, event }) => ({ ...event, number: Number(number) }));
  }

  function expectSound(
    journal: readonly {
      readonly type: string;
      readonly number: number;
      readonly step?: string;
      readonly attempt?: number;
    }[],
  ) {
    expect(journal.map(({ number }) => number)).toEqual(journal.map((_, index) => index + 1));
    const begun = journal.flatMap(({ type, step, attempt }) =>
      type === 'step.started' ? [`${step} ${attempt}`] : [],
    );
    expect(new Set(begun).size).toBe(begun.length);
    expect(journal.at(-1)?.type).toBe('run.succeeded');
  }

  test('what is under way is stopped, the run is what stands in the store, and it comes to its end [WRK-40]', async () => {
    const act = gated();
    const { engine, gate } = await world.process({ 'sample/a': act }, { warn });
    const id = await startSample(engine, asks);
    const other = await startSample(engine, asks);
    const bringBack = await backUp();
    for (const run of [id, other]) await engine.answer(run, 'ask', { by: 'user:ada', answer: 'allow' });
    await until('both act', () => gate.underWay() === 2);
    await bringBack();
    // The heart beats for what is under way, and finds that the store knows nothing of it.
    await until('both are stopped', () => gate.underWay() === 0);
    for (const run of [id, other]) {
      expect(await engine.settled(run)).toMatchObject({ status: 'waiting' });
      await engine.answer(run, 'ask', { by: 'user:bob', answer: 'allow' });
    }
    act.letGo();
    for (const run of [id, other]) {
      expect(await engine.settled(run)).toMatchObject({ status: 'succeeded' });
      const journal = await journalOf(run);
      expectSound(journal);
      expect(journal.find(({ type }) => type === 'step.answered')).toMatchObject({ by: 'user:bob' });
    }
    // Of two runs, said once.
    expect(said).toMatchObject([{ code: 'journal_went_back' }]);
  });

  test('a result that the store knows no attempt for is not appended', async () => {
    const act = gated();
    const { engine, gate } = await world.process({ 'sample/a': act }, { warn });
    const id = await startSample(engine, asks);
    const bringBack = await backUp();
    await engine.answer(id, 'ask', { by: 'user:ada', answer: 'allow' });
    await until('it acts', () => gate.underWay() === 1);
    await bringBack();
    // Long before the heart beats.
    act.letGo();
    await until('it is over', () => gate.underWay() === 0);
    await until('it was noticed', () => said.length > 0);
    expect(await engine.settled(id)).toMatchObject({ status: 'waiting' });
    await engine.answer(id, 'ask', { by: 'user:bob', answer: 'allow' });
    expect(await engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expect(gate.calls).toHaveLength(2);
    expectSound(await journalOf(id));
  });

  test('what was under way when the backup was made is tried again, also where the process knows the run as over', async () => {
    const act = gated();
    const { engine, gate } = await world.process({ 'sample/a': act }, { warn });
    const id = await startSample(engine, sampleWorkflow([sampleAction('a')]));
    await until('it acts', () => gate.underWay() === 1);
    const bringBack = await backUp();
    act.letGo();
    expect(await engine.settled(id)).toMatchObject({ status: 'succeeded' });
    await bringBack();
    // Nobody touches the claim that came back: ten seconds later it is taken for a death.
    await until(
      'it is over again',
      async () => (await journalOf(id)).at(-1)?.type === 'run.succeeded',
      30_000,
    );
    const journal = await journalOf(id);
    expectSound(journal);
    expect(journal.map(({ type }) => type)).toContain('step.interrupted');
    expect(gate.calls.map(({ attempt }) => attempt)).toEqual([1, 2]);
  }, 60_000);

  test('where others have gone on in another way, further than was known, that is what counts', async () => {
    const act = gated();
    const first = await world.process({ 'sample/a': act }, { warn });
    const id = await startSample(first.engine, asks);
    const bringBack = await backUp();
    await first.engine.answer(id, 'ask', { by: 'user:ada', answer: 'allow' });
    await until('it acts', () => first.gate.underWay() === 1);
    const before = (await journalOf(id)).length;
    await bringBack();
    const second = await world.process({ 'sample/a': {} }, { works: false });
    await second.engine.delegate(id, 'ask', 'user:bob', 'user:cy');
    await second.engine.delegate(id, 'ask', 'user:cy', 'user:dee');
    for (let told = 0; told < 5; told++) await second.engine.signal(id, 'user:dee', 'nobody.waits', told);
    expect((await journalOf(id)).length).toBeGreaterThan(before);
    await until('the first stopped what it did', () => first.gate.underWay() === 0);
    act.letGo();
    await second.engine.answer(id, 'ask', { by: 'user:dee', answer: 'allow' });
    expect(await first.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expectSound(await journalOf(id));
  });

  test('a run that the store knows nothing of any more is said to be gone, and the others go on', async () => {
    const act = gated();
    const { engine, gate } = await world.process({ 'sample/a': act }, { warn });
    const kept = await startSample(engine, asks);
    const bringBack = await backUp();
    const id = await startSample(engine, sampleWorkflow([sampleAction('a')]));
    await until('it acts', () => gate.underWay() === 1);
    const settled = engine.settled(id).then(
      () => 'settled',
      (error: unknown) => error,
    );
    await bringBack();
    expect(await settled).toMatchObject({ code: 'run_not_found' });
    await until('it is stopped', () => gate.underWay() === 0);
    act.letGo();
    await engine.answer(kept, 'ask', { by: 'user:bob', answer: 'allow' });
    expect(await engine.settled(kept)).toMatchObject({ status: 'succeeded' });
    expect((await engine.list({})).runs.map((run) => run.id)).toEqual([kept]);
  });
});

test('whoever has read further than the journal of a held run goes says so, and does not go on for ever', async () => {
  const world = openWorld();
  const { engine, store } = await world.process({});
  const id = await startSample(engine, asks);
  const state = await readState(store.runs, id);
  expect(await readOn(store.runs, id, state)).toBe(state);
  const empty = await openSqliteStore(':memory:');
  await expect(readOn(empty.runs, id, state)).rejects.toMatchObject({ code: 'journal_went_back' });
  const ahead = { ...state, changedAt: state.changedAt + 1 };
  await expect(readOn(store.runs, id, ahead)).rejects.toMatchObject({ code: 'journal_went_back' });
  await empty.close();
  await world.close();
});
