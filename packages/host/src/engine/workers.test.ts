import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { until } from '../testing/until.ts';
import { gather, openWorld, type SimulatedProcess, startSample, type World } from './testing/world.ts';

const CHILD = fileURLToPath(new URL('./testing/work-child.ts', import.meta.url));

const slow = (id: string, ms: number, uses = 'sample/slow') =>
  sampleStep(id, { kind: 'action', uses, with: { ms } });

describe.skipIf(lacksPostgres())('worker processes', () => {
  let server: PostgresServer;
  let world: World;
  let desk: SimulatedProcess;
  let folder = '';
  let children: ChildProcess[] = [];
  beforeAll(async () => {
    server = await startPostgres({ sync: true });
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cadre-workers-'));
    world = openWorld(server.url);
    desk = await world.process(
      { 'sample/slow': {}, 'sample/once': { traits: { repeatable: false } } },
      { works: false },
    );
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children = [];
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const said = () => {
    const file = join(folder, 'world');
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  };
  const saidBy = (child: ChildProcess | undefined, word: string) =>
    said().filter((line) => line.startsWith(`${word} `) && line.endsWith(` ${child?.pid}`));

  async function worker(atOnce = 4): Promise<ChildProcess> {
    const args = [CHILD, server.url, world.schema, join(folder, 'world'), String(atOnce)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.stdout?.once('data', () => resolve());
    });
    return child;
  }

  const endOf = (child: ChildProcess) =>
    new Promise<number | null>((resolve) => {
      if (child.exitCode !== null) resolve(child.exitCode);
      child.once('exit', (code) => resolve(code));
    });

  test('of two, one is killed: the other finds out within 12 s, and each attempt is lost once [WRK-127]', async () => {
    const [first, second] = [await worker(), await worker()];
    const branches = Array.from({ length: 8 }, (_, index) => slow(`s${index}`, 3_000));
    const id = await startSample(
      desk.engine,
      sampleWorkflow([sampleStep('all', { kind: 'parallel', branches })]),
    );
    await until('both have begun what they can', () =>
      [first, second].every((child) => saidBy(child, 'began').length === 4),
    );
    first?.kill('SIGKILL');
    const killedAt = Date.now();
    const lost = saidBy(first, 'began').length;
    const interrupted = async () =>
      (await gather(desk.engine.events(id))).filter((event) => event.type === 'step.interrupted');
    await until('its death is noticed', async () => (await interrupted()).length === lost);
    // Ten seconds without a heartbeat, looked at every two; the rest is for a machine that others want too.
    expect(Date.now() - killedAt).toBeLessThan(25_000);
    await until('the run is over', async () => (await desk.engine.get(id)).state.status === 'succeeded');
    expect(await interrupted()).toHaveLength(lost);
    const keys = said()
      .filter((line) => line.startsWith('began'))
      .map((line) => line.split(' ').slice(1, 4).join(' '));
    expect(new Set(keys).size).toBe(keys.length);
  }, 60_000);

  test('one is killed over what it went on with by itself, and that attempt is lost once, too [WRK-127]', async () => {
    const first = await worker();
    const id = await startSample(desk.engine, sampleWorkflow([slow('a', 1), slow('b', 4_000)]));
    await until('it has begun the second step', () => saidBy(first, 'began').length === 2);
    const client = new pg.Client(server.url);
    await client.connect();
    const { rows } = await client.query(`SELECT run FROM ${world.schema}_work.direct`);
    await client.end();
    // It never waited in the queue.
    expect(rows).toEqual([{ run: id }]);
    first.kill('SIGKILL');
    const second = await worker();
    await until(
      'the other ends the run',
      async () => (await desk.engine.get(id)).state.status === 'succeeded',
      40_000,
    );
    const events = await gather(desk.engine.events(id));
    expect(events.filter((event) => event.type === 'step.interrupted')).toMatchObject([
      { step: 'b', attempt: 1 },
    ]);
    expect(saidBy(second, 'did').map((line) => line.split(' ').slice(2, 4))).toEqual([['b', '2']]);
  }, 60_000);

  test('one that slept has lost its work: what it brings is refused, and nothing follows from it [WRK-40]', async () => {
    const zombie = await worker();
    const id = await startSample(desk.engine, sampleWorkflow([slow('a', 2_000), slow('b', 10)]));
    await until('it has begun', () => saidBy(zombie, 'began').length === 1);
    zombie.kill('SIGSTOP');
    const other = await worker();
    await until(
      'the other goes on with the run',
      async () => (await desk.engine.get(id)).state.status === 'succeeded',
    );
    const events = await gather(desk.engine.events(id));
    zombie.kill('SIGCONT');
    zombie.kill('SIGTERM');
    expect(await endOf(zombie)).toBe(0);
    expect(await gather(desk.engine.events(id))).toEqual(events);
    expect(events.map((event) => event.type)).toEqual([
      'run.created',
      'run.started',
      'step.started',
      'step.interrupted',
      'step.started',
      'step.succeeded',
      'step.started',
      'step.succeeded',
      'run.succeeded',
    ]);
    expect(saidBy(other, 'did').map((line) => line.split(' ')[2])).toEqual(['a', 'b']);
  }, 60_000);

  test('work that must not be done twice is asked about when its worker dies over it', async () => {
    const first = await worker();
    const id = await startSample(desk.engine, sampleWorkflow([slow('a', 60_000, 'sample/once')]));
    await until('it has begun', () => saidBy(first, 'began').length === 1);
    first.kill('SIGKILL');
    await worker();
    expect(await desk.engine.settled(id)).toMatchObject({ status: 'waiting' });
    expect(said().filter((line) => line.startsWith('began'))).toHaveLength(1);
    await desk.engine.cancel(id, 'user:ada', 'enough');
  }, 60_000);

  test('one that is told to end finishes what it has begun, begins nothing more, and leaves the rest to others', async () => {
    const first = await worker(2);
    const branches = Array.from({ length: 6 }, (_, index) => slow(`s${index}`, 1_000));
    const id = await startSample(
      desk.engine,
      sampleWorkflow([sampleStep('all', { kind: 'parallel', branches })]),
    );
    await until('two have begun', () => saidBy(first, 'began').length === 2);
    first.kill('SIGTERM');
    expect(await endOf(first)).toBe(0);
    expect(saidBy(first, 'did')).toHaveLength(2);
    expect(saidBy(first, 'began')).toHaveLength(2);
    const second = await worker(6);
    expect(await desk.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expect(saidBy(second, 'did')).toHaveLength(4);
    expect((await gather(desk.engine.events(id))).some((event) => event.type === 'step.interrupted')).toBe(
      false,
    );
  }, 60_000);
});
