import { isOver } from '@cadre/core';
import { failure, skip } from '@cadre/sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { retryTimes, sampleAction, sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { succeed, untilStopped } from '../testing/scripted-gate.ts';
import { openWorld, runSample, startSample, type World } from './testing/world.ts';

let world: World;
beforeEach(() => {
  world = openWorld();
});
afterEach(() => world.close());

describe('a step', () => {
  test('that fails ends the run with its failure', async () => {
    const failed = failure('tests_failed', 'two tests failed');
    const { engine, gate } = await world.process({
      'sample/a': { perform: () => ({ ok: false, failure: failed }) },
      'sample/b': {},
    });
    const state = await runSample(engine, sampleWorkflow([sampleAction('a'), sampleAction('b')]));
    expect(state).toMatchObject({ status: 'failed', failure: { code: 'tests_failed' } });
    expect(gate.calls).toHaveLength(1);
  });

  test('that had nothing to do is skipped, with the reason, and says what to do in the log [HYG-4]', async () => {
    const skipped = skip('tool_missing', 'ruff is not installed', 'pip install ruff').failure;
    const { engine } = await world.process({
      'sample/a': { perform: () => ({ ok: false, failure: skipped }) },
      'sample/b': {},
    });
    const id = await startSample(engine, sampleWorkflow([sampleAction('a'), sampleAction('b')]));
    const state = await engine.settled(id);
    expect(state.status).toBe('succeeded');
    expect(state.steps.get('a')).toMatchObject({ status: 'skipped', reason: 'tool_missing' });
    expect(await engine.logs(id, 0)).toMatchObject([
      { level: 'warn', message: 'ruff is not installed; pip install ruff' },
    ]);
  });

  test('that failed is tried again when its time has come, with the same idempotency key [WRK-32]', async () => {
    let tries = 0;
    const broken = failure('network', 'no answer', { retryable: true });
    const { engine, gate } = await world.process({
      'sample/a': { perform: () => (++tries < 3 ? { ok: false, failure: broken } : succeed(tries)) },
    });
    const id = await startSample(
      engine,
      sampleWorkflow([sampleAction('a', { retry: retryTimes(3, 5_000) })]),
    );
    await world.clock.advance(0);
    expect(tries).toBe(1);
    await world.clock.advance(4_999);
    expect(tries).toBe(1);
    await world.clock.advance(1);
    expect(tries).toBe(2);
    await world.clock.advance(5_000);
    expect(await engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expect(gate.calls.map((call) => call.attempt)).toEqual([1, 2, 3]);
    expect(new Set(gate.calls.map((call) => call.idempotencyKey)).size).toBe(1);
  });

  test('that takes longer than its limit is stopped and timed out [HYG-10]', async () => {
    const { engine, gate } = await world.process({
      'sample/a': { perform: (_call, signal) => untilStopped(signal) },
    });
    const id = await startSample(engine, sampleWorkflow([sampleAction('a', { timeoutMs: 7_000 })]));
    await world.clock.advance(6_999);
    expect(gate.underWay()).toBe(1);
    await world.clock.advance(1);
    const state = await engine.settled(id);
    expect(state.steps.get('a')).toMatchObject({ status: 'timed_out', failure: { code: 'timed_out' } });
    expect(isOver(state.status)).toBe(true);
    expect(gate.underWay()).toBe(0);
  });

  test('that the limit of the whole run stops is timed out, and later ones are skipped [HYG-10]', async () => {
    const { engine, gate } = await world.process({
      'sample/a': { perform: (_call, signal) => untilStopped(signal) },
      'sample/b': {},
    });
    const steps = [sampleAction('a'), sampleAction('b')];
    const id = await startSample(engine, { ...sampleWorkflow(steps), budget: { wallMs: 5_000 } });
    await world.clock.advance(5_000);
    const state = await engine.settled(id);
    expect(state).toMatchObject({ status: 'timed_out' });
    expect(state.steps.get('a')).toMatchObject({
      status: 'timed_out',
      failure: { code: 'timed_out', message: expect.stringContaining('the whole run') },
    });
    expect(state.steps.get('b')).toMatchObject({ status: 'skipped' });
    expect(gate.calls).toHaveLength(1);
  });

  test.each([
    ['the manifest of its action, before what the workflow says for all', {}, { timeoutMs: 2_000 }, 2_000],
    ['itself, before the manifest of its action', { timeoutMs: 7_000 }, { timeoutMs: 2_000 }, 7_000],
    ['itself, also where that is the default', { timeoutMs: 600_000 }, { timeoutMs: 2_000 }, 600_000],
    ['the manifest, also where that is longer', {}, { timeoutMs: 1_800_000 }, 1_800_000],
    ['nobody: ten minutes', {}, {}, 600_000],
  ])('has the time limit of %s', async (_who, own, traits, limitMs) => {
    const { engine, gate } = await world.process({
      'sample/a': { perform: (_call, signal) => untilStopped(signal), traits },
    });
    const id = await startSample(engine, sampleWorkflow([sampleAction('a', own)]));
    await world.clock.advance(limitMs - 1);
    expect(gate.underWay()).toBe(1);
    await world.clock.advance(1);
    expect((await engine.settled(id)).steps.get('a')).toMatchObject({
      status: 'timed_out',
      failure: { code: 'timed_out', message: expect.stringContaining(`longer than ${limitMs / 1_000} s`) },
    });
  });

  test('that still succeeded after it was told to stop counts as what it is', async () => {
    const { engine } = await world.process({
      'sample/a': { perform: (_call, signal) => untilStopped(signal).then(() => succeed('done')) },
    });
    const id = await startSample(engine, sampleWorkflow([sampleAction('a', { timeoutMs: 1_000 })]));
    await world.clock.advance(1_000);
    expect((await engine.settled(id)).steps.get('a')).toMatchObject({ status: 'succeeded', output: 'done' });
  });

  test('that waits for a free place has its whole time when it gets one', async () => {
    const { engine, gate } = await world.process(
      { 'sample/a': { perform: (_call, signal) => untilStopped(signal) } },
      { atOnce: 1 },
    );
    const workflow = sampleWorkflow([sampleAction('a', { timeoutMs: 1_000 })]);
    await startSample(engine, workflow);
    const second = await startSample(engine, workflow);
    await world.clock.advance(1_500);
    expect(gate.calls).toHaveLength(2);
    expect(gate.underWay()).toBe(1);
    await world.clock.advance(500);
    expect(await engine.settled(second)).toMatchObject({ status: 'failed' });
  });

  test('has its lines and effects stored before its result', async () => {
    const { engine, store } = await world.process({
      'sample/a': {
        effects: [{ kind: 'command', command: 'true', purpose: 'nothing' }],
        perform: async (_call, _signal, observer) => {
          for (let line = 0; line < 1_200; line++) observer.log({ level: 'info', message: `line ${line}` });
          return succeed(null);
        },
      },
    });
    const id = await startSample(engine, sampleWorkflow([sampleAction('a')]));
    for await (const item of engine.watch(id, 0)) {
      if (item.kind !== 'event' || item.event.type !== 'step.succeeded') continue;
      expect(await store.logs.read(id, 0)).toHaveLength(1_200);
      expect(await engine.effects(id)).toEqual([
        { step: 'a', effects: [{ kind: 'command', command: 'true', purpose: 'nothing' }] },
      ]);
    }
  });
});

describe('a question', () => {
  const asking = sampleWorkflow([
    sampleStep('ask', { kind: 'approval', prompt: 'Push?', deadlineMs: 60_000, default: 'deny' }),
    sampleAction('push', { if: '${{ steps.ask.output.approved }}' }),
  ]);

  test('makes the run wait until it is answered', async () => {
    const { engine } = await world.process({ 'sample/push': {} });
    const id = await startSample(engine, asking);
    expect(await engine.settled(id)).toMatchObject({ status: 'waiting' });
    expect(await engine.list({ status: ['waiting'] })).toMatchObject({ runs: [{ id }] });
    await engine.answer(id, 'ask', { by: 'user:ada', answer: 'allow' });
    const state = await engine.settled(id);
    expect(state.status).toBe('succeeded');
    expect(state.steps.get('push')?.status).toBe('succeeded');
  });

  test('that nobody answers in time is answered by its default', async () => {
    const { engine, gate } = await world.process({ 'sample/push': {} });
    const id = await startSample(engine, asking);
    await world.clock.advance(60_000);
    const state = await engine.settled(id);
    expect(isOver(state.status)).toBe(true);
    expect(gate.calls).toEqual([]);
  });

  test('takes only an answer that fits, from a step that asks', async () => {
    const { engine } = await world.process({ 'sample/push': {} });
    const id = await startSample(engine, asking);
    await engine.settled(id);
    const answer = (step: string, word: 'retry' | 'allow') =>
      engine.answer(id, step, { by: 'user:ada', answer: word });
    await expect(answer('ask', 'retry')).rejects.toMatchObject({
      code: 'invalid_input',
      hint: /allow or deny/,
    });
    await expect(answer('push', 'allow')).rejects.toMatchObject({ code: 'invalid_input', hint: /ask/ });
    await expect(engine.answer('run_x', 'ask', { by: 'a', answer: 'allow' })).rejects.toMatchObject({
      code: 'run_not_found',
    });
    await engine.cancel(id, 'user:ada', 'enough');
    expect(await engine.settled(id)).toMatchObject({ status: 'cancelled' });
    await expect(answer('ask', 'allow')).rejects.toMatchObject({ code: 'run_over' });
  });
});

describe('a cancelled run', () => {
  test('stops what is under way and leaves nothing behind [WRK-38]', async () => {
    const { engine, gate, store } = await world.process(
      { 'sample/a': { perform: (_call, signal) => untilStopped(signal) }, 'sample/clean': {} },
      { atOnce: 2 },
    );
    const branches = Array.from({ length: 5 }, (_, index) =>
      sampleStep(`s${index}`, { kind: 'action', uses: 'sample/a', with: {} }),
    );
    const workflow = sampleWorkflow([sampleStep('all', { kind: 'parallel', branches })], {
      finally: [sampleAction('clean')],
    });
    const id = await startSample(engine, workflow);
    await world.clock.advance(0);
    expect(gate.underWay()).toBe(2);
    await engine.cancel(id, 'user:ada', 'enough');
    await engine.cancel(id, 'user:ada', 'twice does no harm').catch((error) => {
      expect(error).toMatchObject({ code: 'run_over' });
    });
    expect(await engine.settled(id)).toMatchObject({ status: 'cancelled' });
    expect(gate.underWay()).toBe(0);
    // The three that waited for a place were never begun.
    expect(gate.calls.filter((call) => call.uses === 'sample/a')).toHaveLength(2);
    await engine.close();
    expect(await store.leases.list()).toEqual([]);
    await expect(engine.cancel(id, 'user:ada', 'late')).rejects.toMatchObject({ code: 'run_over' });
  });
});
