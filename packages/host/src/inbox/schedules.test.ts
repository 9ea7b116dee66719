import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sampleAction, sampleWorkflow } from '../testing/sample-workflow.ts';
import { untilStopped } from '../testing/scripted-gate.ts';
import { HOUR, type InboxProcess, type InboxWorld, MINUTE, openInboxWorld } from './testing/inbox-world.ts';

let world: InboxWorld;
beforeEach(() => {
  world = openInboxWorld();
});
afterEach(() => world.close());

const forever = { 'sample/a': { perform: (_call: unknown, signal: AbortSignal) => untilStopped(signal) } };

async function history({ inbox }: InboxProcess) {
  await inbox.settle();
  return (await inbox.history({}))
    .map(({ due, status }) => `${new Date(due).toISOString().slice(11, 16)} ${status}`)
    .reverse();
}

/** To the next full hour, so that times read well: 23:00. */
async function fullHour() {
  await world.pass(HOUR - (world.clock.now() % HOUR));
}

describe('a schedule', () => {
  test('[FND-72] starts a run at each of its times, which knows what started it', async () => {
    await fullHour();
    world.declare('often', 'on: { schedule: "*/20 * * * *" }\nwith: { n: "${{ event.due }}" }');
    const process = await world.process();
    await world.pass(HOUR + 1);
    expect(await history(process)).toEqual(['23:20 succeeded', '23:40 succeeded', '00:00 succeeded']);
    const [last] = await process.inbox.history({ limit: 1 });
    const { state } = await process.engine.get(last?.run ?? '');
    const due = new Date(last?.due ?? 0).toISOString();
    expect(state.inputs).toEqual({ n: due });
    expect(state.trigger).toEqual({ kind: 'schedule', name: 'often', due, firing: last?.id, attempt: 1 });
    expect(await process.engine.record(last?.run ?? '')).toMatchObject({ principal: 'trigger:often' });
  });

  test('[FND-80] is claimed once by many processes, and its run is performed once', async () => {
    world.declare('often', 'on: { schedule: "*/10 * * * *" }');
    const processes = await Promise.all([1, 2, 3].map(() => world.process()));
    await world.pass(HOUR);
    expect((await processes[0]?.inbox.history({}))?.length).toBe(6);
    expect(processes.flatMap(({ gate }) => gate.calls)).toHaveLength(6);
  });

  test('[FND-79] after downtime the newest is made up for, within a day', async () => {
    await fullHour();
    world.declare('often', 'on: { schedule: "15 * * * *" }');
    const first = await world.process();
    await world.pass(MINUTE);
    await first.inbox.end();
    await world.pass(5 * HOUR);
    const second = await world.process();
    await world.pass(MINUTE);
    expect(await history(second)).toEqual(['03:15 succeeded']);
  });

  test.each([
    ['skip', []],
    ['all', ['23:15', '00:15', '01:15', '02:15', '03:15']],
    ['{ policy: all, window: 2h }', ['02:15', '03:15']],
  ])('[FND-79] after downtime `missed: %s` makes up for %j, one after the other', async (missed, dues) => {
    await fullHour();
    world.declare('often', `on: { schedule: "15 * * * *" }\nmissed: ${missed}`);
    const first = await world.process();
    await world.pass(MINUTE);
    await first.inbox.end();
    await world.pass(5 * HOUR);
    const second = await world.process();
    await world.pass(2 * MINUTE);
    expect(await history(second)).toEqual(dues.map((due) => `${due} succeeded`));
  });

  test('[FND-79] a rule that was edited is reckoned anew at once', async () => {
    await fullHour();
    world.declare('one', 'on: { schedule: "0 12 * * *" }');
    const process = await world.process();
    await world.pass(MINUTE);
    world.declare('one', 'on: { schedule: "5 * * * *" }');
    await world.pass(5 * MINUTE);
    expect(await history(process)).toEqual(['23:05 succeeded']);
    expect((await process.inbox.list())[0]?.nextDue).toBe(
      world.clock.now() - (world.clock.now() % HOUR) + HOUR + 5 * MINUTE,
    );
  });

  test('[FND-75] that is due once fires once, and not at all when it is over already', async () => {
    await fullHour();
    const at = (ms: number) => new Date(world.clock.now() + ms).toISOString();
    world.declare('once', `on: { schedule: "at ${at(10 * MINUTE)}" }`);
    world.declare('past', `on: { schedule: "at ${at(-10 * MINUTE)}" }`);
    world.declare('late', `on: { schedule: { rule: "at ${at(-48 * HOUR)}", ifPast: run } }`);
    world.declare('soon', 'on: { schedule: "in 30m" }');
    const process = await world.process();
    await world.pass(2 * HOUR);
    const fired = (await process.inbox.history({})).map(({ trigger }) => trigger).sort();
    expect(fired).toEqual(['late', 'once', 'soon']);
    const states = new Map((await process.inbox.list()).map((one) => [one.trigger.name, one]));
    expect(states.get('past')?.state?.note).toBe('in_the_past');
    expect(states.get('once')?.nextDue).toBeUndefined();
  });

  test('is begun later by its jitter, and keeps its time', async () => {
    world.declare('often', 'on: { schedule: "0 * * * *" }\njitter: 30m');
    const process = await world.process();
    await fullHour();
    await world.pass(1);
    const [waiting] = await process.inbox.history({});
    expect(waiting).toMatchObject({ status: 'waiting' });
    const late = (waiting?.notBefore ?? 0) - (waiting?.due ?? 0);
    expect(late).toBeGreaterThan(0);
    await world.pass(late - 2);
    expect((await process.inbox.history({}))[0]).toMatchObject({ status: 'waiting' });
    await world.pass(2);
    expect((await history(process))[0]).toMatch(/00 succeeded/);
  });

  test('that is paused does nothing, and what was due meanwhile is not made up for', async () => {
    await fullHour();
    world.declare('often', 'on: { schedule: "*/10 * * * *" }');
    const process = await world.process();
    await world.pass(MINUTE);
    await process.inbox.pause('often');
    await world.pass(30 * MINUTE);
    expect(await history(process)).toEqual([]);
    await process.inbox.resume('often');
    await world.pass(10 * MINUTE);
    expect(await history(process)).toEqual(['23:40 succeeded']);
  });

  test('whose clock jumps forward makes up as after downtime, and set back it fires nothing twice', async () => {
    await fullHour();
    world.declare('often', 'on: { schedule: "*/10 * * * *" }');
    const process = await world.process();
    await world.pass(11 * MINUTE);
    await process.inbox.end();
    const { firings } = process.store;
    // As if an earlier process had seen a clock that was a year ahead, and moved the schedule on.
    const now = world.clock.now();
    const year = 365 * 24 * HOUR;
    const [state] = (await firings.listStates()).filter(({ trigger }) => trigger === 'often');
    await firings.claim({
      trigger: 'often',
      rule: state?.rule ?? '',
      expected: state?.due ?? 0,
      next: now + year,
      now: now + year - 5 * MINUTE,
      firings: [],
    });
    const second = await world.process();
    await world.pass(10 * MINUTE);
    expect(await history(second)).toEqual(['23:10 succeeded', '23:20 succeeded']);
  });
});

describe('while a run of it goes on', () => {
  const slow = async (overlap: string) => {
    await fullHour();
    world.declare('often', `on: { schedule: "*/5 * * * *" }\noverlap: ${overlap}`);
    const process = await world.process({ scripts: forever });
    await world.pass(11 * MINUTE);
    return process;
  };

  test('[FND-79] the next one is skipped, by default too', async () => {
    expect(await history(await slow('skip'))).toEqual(['23:05 running', '23:10 skipped']);
  });

  test('[FND-79] or stands in line', async () => {
    const process = await slow('queue');
    expect(await history(process)).toEqual(['23:05 running', '23:10 waiting']);
    const running = (await process.inbox.history({ status: ['running'] }))[0]?.run ?? '';
    await process.engine.cancel(running, 'user:ada', 'enough');
    await world.pass(MINUTE);
    expect(await history(process)).toEqual(['23:05 cancelled', '23:10 running']);
  });

  test('[FND-79] or has it cancelled', async () => {
    expect(await history(await slow('cancel-running'))).toEqual(['23:05 cancelled', '23:10 running']);
  });

  test('[FND-79] or goes on beside it', async () => {
    expect(await history(await slow('allow'))).toEqual(['23:05 running', '23:10 running']);
  });
});

describe('what failed', () => {
  const broken = {
    'sample/a': {
      perform: async () => ({
        ok: false as const,
        failure: { code: 'broken', message: 'it broke', retryable: false },
      }),
    },
  };

  test('[FND-78] is tried again as its retry says, then it is dead, and replayed it runs with the same event', async () => {
    await fullHour();
    world.declare(
      'often',
      'on: { schedule: "10 * * * *" }\nretry: { attempts: 3, delay: 1m, backoff: 2, jitter: none, on: [broken] }',
    );
    const process = await world.process({ scripts: broken });
    await world.pass(10 * MINUTE + 1);
    expect((await process.inbox.history({}))[0]).toMatchObject({ status: 'waiting', attempt: 2 });
    await world.pass(MINUTE);
    expect((await process.inbox.history({}))[0]).toMatchObject({ status: 'waiting', attempt: 3 });
    await world.pass(2 * MINUTE);
    const [dead] = await process.inbox.history({ status: ['dead'] });
    expect(dead).toMatchObject({
      attempt: 3,
      failure: { code: 'broken', message: expect.stringMatching(/it broke/) },
    });
    expect((await process.engine.list({})).runs).toHaveLength(3);
    const again = await process.inbox.replay(dead?.id ?? 0);
    await world.pass(1);
    expect((await process.engine.list({})).runs).toHaveLength(4);
    const [first, second] = await Promise.all(
      [dead?.id, again.id].map((id) => process.store.firings.find(id ?? 0)),
    );
    expect(first?.status).toBe('replayed');
    expect(second?.event).toEqual(first?.event);
    await expect(process.inbox.replay(dead?.id ?? 0)).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(process.inbox.replay(99)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('for a reason that is not named is dead at once', async () => {
    await fullHour();
    world.declare('often', 'on: { schedule: "10 * * * *" }\nretry: { on: [timed_out] }');
    const process = await world.process({ scripts: broken });
    await world.pass(10 * MINUTE + 1);
    expect((await process.inbox.history({}))[0]).toMatchObject({ status: 'dead', attempt: 1 });
  });

  test('because there is no such workflow, or an input that does not fit, is dead with the reason', async () => {
    await fullHour();
    world.declare('lost', 'on: { schedule: "10 * * * *" }');
    const lost = world.declared.get('lost');
    if (lost !== undefined) world.declared.set('lost', { ...lost, run: 'none' });
    world.declare('wrong', 'on: { schedule: "10 * * * *" }\nwith: { none: 1 }');
    const process = await world.process();
    await world.pass(10 * MINUTE + 1);
    const dead = await process.inbox.history({ status: ['dead'] });
    expect(dead.map(({ trigger, failure }) => `${trigger} ${failure?.code}`).sort()).toEqual([
      'lost workflow_not_found',
      'wrong invalid_input',
    ]);
  });
});

test('[FND-76] when slots are limited the most important goes first, and nothing waits for ever', async () => {
  await fullHour();
  for (const priority of ['low', 'normal', 'high'])
    world.declare(priority, `on: { manual: true }\npriority: ${priority}`);
  world.workflows['work'] = { ...sampleWorkflow([sampleAction('a')]), name: 'work' };
  const process = await world.process({ scripts: forever, atOnce: 1, idle: true });
  await process.inbox.fire('low', 'user:ada', null);
  await world.pass(31 * MINUTE);
  for (const name of ['normal', 'high', 'normal', 'high']) await process.inbox.fire(name, 'user:ada', null);
  process.inbox.begin();
  const order: string[] = [];
  for (let turn = 0; turn < 5; turn++) {
    await world.pass(1);
    const [running] = await process.inbox.history({ status: ['running'] });
    order.push(running?.trigger ?? 'none');
    await process.engine.cancel(running?.run ?? '', 'user:ada', 'enough');
    await world.pass(300);
  }
  expect(order).toEqual(['low', 'high', 'high', 'normal', 'normal']);
});

test('a backfill fires for times that have no firing, one behind the other, and tells them first', async () => {
  await fullHour();
  world.declare('often', 'on: { schedule: "*/15 * * * *" }');
  const process = await world.process();
  await world.pass(16 * MINUTE);
  const from = world.clock.now() - HOUR;
  const plan = await process.inbox.backfill('often', from, world.clock.now(), true);
  expect(plan).toHaveLength(4);
  expect(await history(process)).toEqual(['23:15 succeeded']);
  expect(await process.inbox.backfill('often', from, world.clock.now() + HOUR, false)).toHaveLength(3);
  await world.pass(MINUTE);
  expect(await history(process)).toEqual([
    '23:15 succeeded',
    '22:30 succeeded',
    '22:45 succeeded',
    '23:00 succeeded',
  ]);
  await expect(process.inbox.backfill('often', 0, world.clock.now(), true)).rejects.toMatchObject({
    code: 'invalid_usage',
  });
});

test('[FND-77] the next ten times are shown without waiting for any', async () => {
  await fullHour();
  world.declare('often', 'on: { schedule: "30 2 * * *" }\ntimeZone: Europe/Berlin');
  world.declare('hook', 'on: { manual: true }');
  const { inbox } = await world.process({ idle: true });
  const next = await inbox.next('often', 10);
  expect(next).toHaveLength(10);
  expect(next.every((time) => new Date(time).toISOString().endsWith('T01:30:00.000Z'))).toBe(true);
  await expect(inbox.next('hook', 1)).rejects.toMatchObject({ code: 'invalid_usage' });
  await expect(inbox.next('none', 1)).rejects.toMatchObject({ code: 'trigger_not_found' });
});
