import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@cadre/sdk';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { sampleAction, sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { type Script, succeed, untilStopped } from '../testing/scripted-gate.ts';
import { until } from '../testing/until.ts';
import {
  gather,
  openWorld,
  runSample,
  type SimulatedProcess,
  startSample,
  type World,
} from './testing/world.ts';

const CHILD = fileURLToPath(new URL('./testing/work-child.ts', import.meta.url));
const SHARDS = ['red', 'green', 'blue', 'black', 'white', 'grey'];

/** One step, in the shard that the run is given. */
const ofShard = (more: object = {}, uses = 'sample/slow') =>
  sampleWorkflow(
    [
      sampleStep(
        'a',
        { kind: 'action', uses, with: { ms: '${{ inputs.ms }}' } },
        { shard: '${{ inputs.shard }}', ...more },
      ),
    ],
    { inputs: { shard: { type: 'string' }, ms: { type: 'integer' } } },
  );

const nap = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let server: PostgresServer;
let world: World;
beforeAll(async () => {
  if (!lacksPostgres()) server = await startPostgres({ sync: true });
});
afterAll(() => server?.close());
beforeEach(() => {
  if (!lacksPostgres()) world = openWorld(server.url);
});
afterEach(() => world?.close());

/** Of the tables beside the queue. */
async function ask(sql: (schema: string) => string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(server.url);
  await client.connect();
  try {
    return (await client.query(sql(`${world.schema}_work`))).rows;
  } finally {
    await client.end();
  }
}

/** The tables are made by the first that comes. */
const listPlaces = () =>
  ask((schema) => `SELECT place FROM ${schema}.places`).catch((error: unknown) => {
    if ((error as { readonly code?: string }).code === '42P01') return [];
    throw error;
  });

const placesOf = async () =>
  new Map(
    (await ask((schema) => `SELECT shard, place FROM ${schema}.shards`)).map(({ shard, place }) => [
      String(shard),
      String(place),
    ]),
  );

describe.skipIf(lacksPostgres())('shards and worker processes', () => {
  let desk: SimulatedProcess;
  let folder = '';
  let children: ChildProcess[] = [];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cadre-shards-'));
    desk = await world.process({ 'sample/slow': {} }, { works: false });
  });
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
    children = [];
    rmSync(folder, { recursive: true, force: true });
  });

  /** `began RUN STEP ATTEMPT PID` and `did …`, as they happened. */
  const said = () => {
    const file = join(folder, 'world');
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  };
  const runsOf = (word: string, child?: ChildProcess) =>
    said()
      .map((line) => line.split(' '))
      .filter(([first, , , , pid]) => first === word && (child === undefined || pid === String(child.pid)))
      .map(([, run]) => String(run));

  /** Is there once others know of it. */
  async function worker(atOnce = 4): Promise<ChildProcess> {
    const before = (await listPlaces()).length;
    const args = [CHILD, server.url, world.schema, join(folder, 'world'), String(atOnce)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.stdout?.once('data', () => resolve());
    });
    await until('it says that it is there', async () => (await listPlaces()).length > before);
    return child;
  }

  const endOf = (child: ChildProcess) =>
    new Promise<number | null>((resolve) => {
      if (child.exitCode !== null) resolve(child.exitCode);
      child.once('exit', (code) => resolve(code));
    });

  const start = (shard: string, ms = 1) => startSample(desk.engine, ofShard(), { shard, ms });
  const isOver = async (id: string) => (await desk.engine.get(id)).state.status === 'succeeded';
  const typesOf = async (id: string) => (await gather(desk.engine.events(id))).map(({ type }) => type);

  test('the same shard goes to the same process over many runs, and different ones are spread over both [WRK-127]', async () => {
    const both = [await worker(), await worker()];
    const shards = new Map<string, string>();
    for (let round = 0; round < 4; round++) {
      const ids = await Promise.all(SHARDS.map(async (shard) => [await start(shard), shard] as const));
      for (const [id, shard] of ids) shards.set(id, shard);
      await Promise.all(ids.map(([id]) => desk.engine.settled(id)));
    }
    const byProcess = both.map((child) => new Set(runsOf('did', child).map((run) => shards.get(run))));
    expect(byProcess.map((some) => some.size)).toEqual([3, 3]);
    expect(new Set(byProcess.flatMap((some) => [...some])).size).toBe(SHARDS.length);
    expect(runsOf('did')).toHaveLength(24);
  }, 60_000);

  test('the place of a shard is killed: what it did and what waited for it goes to the other, each attempt once [WRK-127]', async () => {
    const first = await worker(1);
    const [lost, waiting] = [await start('red', 60_000), await start('red', 60_001)];
    await until('one has begun', () => runsOf('began', first).length === 1);
    const second = await worker(1);
    expect(await ask((schema) => `SELECT run FROM ${schema}.placed`)).toHaveLength(1);
    // It is there, has nothing to do, and leaves what is not its own.
    const other = await start('green');
    await until('the second does what is its own', () => isOver(other));
    expect(runsOf('did', second)).toEqual([other]);

    first.kill('SIGKILL');
    const killedAt = Date.now();
    await until(
      'the second has begun what the first has left',
      () => runsOf('began', second).length === 2,
      30_000,
    );
    // Ten seconds without a heartbeat, looked at every two; the rest is for a machine that others want too.
    expect(Date.now() - killedAt).toBeLessThan(25_000);
    const next = await start('red');
    const places = await placesOf();
    expect(places.get('red')).toBe(places.get('green'));
    for (const id of [lost, waiting]) await desk.engine.cancel(id, 'user:ada', 'enough');
    await until('the second has room for it', () => isOver(next));
    expect(runsOf('did', second)).toContain(next);
    const interrupted = await Promise.all([lost, waiting].map(typesOf));
    expect(
      interrupted.map((types) => types.filter((type) => type === 'step.interrupted').length).sort(),
    ).toEqual([0, 1]);
    const keys = said()
      .filter((line) => line.startsWith('began'))
      .map((line) => line.split(' ').slice(1, 4).join(' '));
    expect(new Set(keys).size).toBe(keys.length);
  }, 90_000);

  test('the place of a shard is told to end: what waits for it is with the other before it has ended [WRK-127]', async () => {
    const first = await worker(1);
    const held = await start('red', 60_000);
    await until('it has begun', () => runsOf('began', first).length === 1);
    const second = await worker(1);
    const waiting = [await start('red'), await start('red')];
    expect(await ask((schema) => `SELECT run FROM ${schema}.placed`)).toHaveLength(2);
    first.kill('SIGTERM');
    await until('the second does what waited', () => runsOf('did', second).length === 2);
    // In the order in which it happened: the one that was told to end was still at work.
    expect(said().filter((line) => line.startsWith('stopped'))).toEqual([]);
    const [place, ...others] = await listPlaces();
    expect(others).toEqual([]);
    expect((await placesOf()).get('red')).toBe(place?.['place']);
    await desk.engine.cancel(held, 'user:ada', 'enough');
    expect(await endOf(first)).toBe(0);
    for (const id of waiting) {
      await until('it is over', () => isOver(id));
      expect(await typesOf(id)).not.toContain('step.interrupted');
    }
  }, 60_000);

  test('what is handed in while nobody is there is spread when somebody comes', async () => {
    const shards = new Map<string, string>();
    for (const shard of ['red', 'green', 'red', 'green', 'red', 'green'])
      shards.set(await start(shard, 50), shard);
    const both = await Promise.all([worker(), worker()]);
    for (const id of shards.keys()) await until('it is over', () => isOver(id));
    // Which of the two came first did not matter: each shard was done in one place.
    const byProcess = both.map((child) => [...new Set(runsOf('did', child).map((run) => shards.get(run)))]);
    expect(byProcess.flat().sort()).toEqual(['green', 'red']);
    expect(runsOf('did')).toHaveLength(6);
  }, 60_000);

  test('places are killed again and again, and nothing is lost or done twice [WRK-40]', async () => {
    const ids: string[] = [];
    let victim = await worker(2);
    await worker(2);
    for (let round = 0; round < 3; round++) {
      for (const shard of SHARDS) ids.push(await start(shard, 20));
      await until('some are done', () => runsOf('did').length > round * 4 + 1);
      victim.kill('SIGKILL');
      victim = await worker(2);
    }
    for (const id of ids) await until('it is over', () => isOver(id), 60_000);
    const began = said()
      .filter((line) => line.startsWith('began'))
      .map((line) => line.split(' ').slice(1, 4).join(' '));
    expect(new Set(began).size).toBe(began.length);
    for (const table of ['placed', 'direct', 'job']) {
      expect(await ask((schema) => `SELECT id FROM ${schema}.${table}`)).toEqual([]);
    }
  }, 180_000);
});

describe.skipIf(lacksPostgres())('shards in processes that hand in, too', () => {
  const act: Record<string, Script> = { 'sample/slow': {} };
  const forever: Record<string, Script> = {
    'sample/slow': { perform: (_call, signal) => untilStopped(signal) },
    'sample/a': {},
  };
  const given = (shard: string): JsonObject => ({ shard, ms: 1 });

  async function both(scripts: Readonly<Record<string, Script>>, options = {}) {
    const first = await world.process(scripts, options);
    const second = await world.process(scripts, options);
    await until('both are known', async () => (await listPlaces()).length === 2);
    return [first, second] as const;
  }

  test('a process begins at once what lives in it, and hands the rest to its place', async () => {
    const [first, second] = await both(act);
    const ids = new Map<string, string>();
    for (const shard of [...SHARDS, ...SHARDS]) {
      const state = await startSample(first.engine, ofShard(), given(shard));
      ids.set(state, shard);
      expect((await first.engine.settled(state)).status).toBe('succeeded');
    }
    const places = await placesOf();
    for (const { gate, holder } of [first, second]) {
      expect(gate.calls).toHaveLength(6);
      for (const { run } of gate.calls) expect(places.get(ids.get(run) ?? '')).toBe(holder.holder);
    }
  });

  test('what has no shard is begun where it was handed in, and no shard is made of it', async () => {
    const [first, second] = await both(act);
    for (let round = 0; round < 5; round++) {
      await runSample(first.engine, ofShard({ shard: '${{ "" }}' }), given('red'));
    }
    expect(first.gate.calls).toHaveLength(5);
    expect(second.gate.calls).toEqual([]);
    expect(await placesOf()).toEqual(new Map());
  });

  test('a shard lives only where its class is performed, and a place gets more of them the more it does at once', async () => {
    const small = await world.process(act, { classes: ['io'], atOnce: 2 });
    const large = await world.process(act, { classes: ['io'], atOnce: 4 });
    await world.process(act, { classes: ['cpu'], atOnce: 40 });
    await until('all are known', async () => (await listPlaces()).length === 3);
    for (const shard of SHARDS) await runSample(small.engine, ofShard(), given(shard));
    expect([small.gate.calls.length, large.gate.calls.length]).toEqual([2, 4]);
  });

  test('a limit over all processes is never passed, wherever the shards live [WRK-35]', async () => {
    let underWay = 0;
    let most = 0;
    const counted: Record<string, Script> = {
      'sample/slow': {
        async perform() {
          most = Math.max(most, ++underWay);
          await nap(10);
          underWay -= 1;
          return succeed(null);
        },
      },
    };
    const [first, second] = await both(counted, { everywhere: 2 });
    const ids = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        // A third of them has no shard, and waits for anybody.
        startSample(first.engine, ofShard(), given(index % 3 === 0 ? '' : `shard ${index % 7}`)),
      ),
    );
    const states = await Promise.all(ids.map((id) => first.engine.settled(id)));
    for (const { status } of states) expect(status).toBe('succeeded');
    expect(most).toBe(2);
    for (const { gate } of [first, second]) expect(gate.calls.length).toBeGreaterThan(0);
  }, 60_000);

  test('what waits for a place is seen there, can go first, and is not begun when it was cancelled [WRK-35] [WRK-38]', async () => {
    const only = await world.process(forever, { atOnce: 1 });
    const held = await startSample(only.engine, ofShard(), given('red'));
    await until('it is under way', () => only.gate.underWay() === 1);
    const [one, other, third] = [
      await startSample(only.engine, ofShard({}, 'sample/a'), given('red')),
      await startSample(only.engine, ofShard({}, 'sample/a'), given('red')),
      await startSample(only.engine, ofShard({}, 'sample/a'), given('red')),
    ];
    await only.engine.prioritise(other, 'user:ada', 1);
    await only.engine.cancel(third, 'user:ada', 'enough');
    expect((await only.engine.settled(third)).status).toBe('cancelled');
    expect(await ask((schema) => `SELECT run, place FROM ${schema}.placed ORDER BY priority DESC`)).toEqual([
      { run: other, place: only.holder.holder },
      { run: one, place: only.holder.holder },
    ]);
    await only.engine.cancel(held, 'user:ada', 'enough');
    for (const id of [one, other]) expect((await only.engine.settled(id)).status).toBe('succeeded');
    expect(only.gate.calls.map(({ run }) => run)).toEqual([held, other, one]);
  });

  test('neither what waits for a place nor what waits for anybody keeps the other waiting', async () => {
    const desk = await world.process(act, { works: false });
    const workflow = sampleWorkflow([
      sampleStep('all', {
        kind: 'parallel',
        branches: Array.from({ length: 20 }, (_, index) =>
          sampleAction(`s${index}`, index % 2 === 0 ? { shard: 'red' } : {}),
        ),
      }),
    ]);
    const slow: Script = { perform: async () => nap(5).then(() => succeed(1)) };
    const scripts = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`sample/s${index}`, slow]));
    const only = await world.process({ ...scripts, ...act }, { atOnce: 1 });
    await until('it is known', async () => (await listPlaces()).length === 1);
    expect((await runSample(desk.engine, workflow)).status).toBe('succeeded');
    // Of the first half some were of each kind.
    const early = only.gate.calls.slice(0, 10).map(({ step }) => Number(step.split('s').at(-1)) % 2);
    expect(new Set(early)).toEqual(new Set([0, 1]));
  });

  test('a shard that nobody has used for an hour is forgotten', async () => {
    const [first] = await both(act);
    await runSample(first.engine, ofShard(), given('red'));
    await ask((schema) => `UPDATE ${schema}.shards SET used_on = now() - interval '59 minutes'`);
    await runSample(first.engine, ofShard(), given('red'));
    const noted = await ask(
      (schema) => `SELECT shard FROM ${schema}.shards WHERE used_on > now() - interval '1 minute'`,
    );
    expect(noted).toEqual([{ shard: 'red' }]);
    await ask((schema) => `UPDATE ${schema}.shards SET used_on = now() - interval '61 minutes'`);
    await runSample(first.engine, ofShard(), given('green'));
    expect([...(await placesOf()).keys()]).toEqual(['green']);
  });
});
