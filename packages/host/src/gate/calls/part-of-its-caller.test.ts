import { readdir } from 'node:fs/promises';
import type { Usage } from '@cadre/core';
import type { Failure, JsonObject, JsonValue, StreamHandle } from '@cadre/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture, PLAN, pathsOf } from '../../../test/gate-fixture.ts';
import { describeSandboxed } from '../../../test/sandboxed.ts';
import type { Gate, GateCall, GateObserver, Performed } from '../../ports/gate.ts';
import { sampleCall, UNHEARD } from '../../testing/sample-call.ts';
import { simulatedClock } from '../../testing/simulated-clock.ts';

let fixture: GateFixture;
let gate: Gate;
beforeEach(async () => {
  fixture = await gateFixture('polite', 'caller', 'partner', 'streamer');
  gate = fixture.newGate();
});
afterEach(() => fixture.remove());

interface Answer {
  readonly ok: boolean;
  readonly output?: JsonObject;
  readonly failure?: Failure;
}

const one = (uses: string, input: JsonObject = {}) => ({ uses, input });
const write = (path: string, more: JsonObject = {}) =>
  one('polite/write', { files: { [path]: 'x' }, ...more });

interface Given extends Partial<GateCall> {
  readonly through?: Gate;
  readonly signal?: AbortSignal;
  readonly heard?: Partial<GateObserver>;
}

function perform(by: string, input: JsonObject, given: Given = {}): Promise<Performed> {
  const { through = gate, signal = new AbortController().signal, heard = {}, ...changes } = given;
  return through.perform(sampleCall(`caller/${by}`, input, changes), signal, { ...UNHEARD, ...heard });
}

function outputIn({ outcome }: Performed): JsonObject & { answers: readonly Answer[] } {
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.output as unknown as JsonObject & { answers: readonly Answer[] };
}

describeSandboxed('what an action changes that another one calls', () => {
  test('[WRK-17] is told once, with the caller, and can be undone with its run', async () => {
    await fixture.put('before.txt', 'as it was');
    const calls = [write('a.txt'), write('before.txt', { report: true })];
    const performed = await perform('pass', { calls, write: { 'own.txt': 'mine' } });
    expect(pathsOf(performed.effects).toSorted()).toEqual(['a.txt', 'before.txt', 'own.txt']);
    const changes = await fixture.snapshots.changes('run_1');
    expect(changes.changes.map(({ path, steps }) => [path, steps])).toEqual([
      ['a.txt', ['step']],
      ['before.txt', ['step']],
      ['own.txt', ['step']],
    ]);
    await fixture.snapshots.putBack('run_1', 'undo_1');
    expect(await fixture.read('before.txt')).toBe('as it was');
    await expect(fixture.read('a.txt')).rejects.toThrow('ENOENT');
  });

  test('[WRK-17] is told also when the caller fails after it', async () => {
    const calls = [write('a.txt'), one('polite/fail', { code: 'no', message: 'no' })];
    const performed = await perform('pass', { calls, through: true });
    expect(performed.outcome.ok).toBe(false);
    expect(pathsOf(performed.effects)).toEqual(['a.txt']);
  });

  test('[WRK-57] in a plan happens on the one copy, where the caller sees it, and is told once', async () => {
    const calls = [write('a.txt'), one('polite/read', { path: 'own.txt' })];
    const performed = await perform('pass', { calls, write: { 'own.txt': 'mine' }, read: 'a.txt' }, PLAN);
    expect(outputIn(performed)).toMatchObject({
      answers: [{ ok: true }, { ok: true, output: { text: 'mine' } }],
      text: 'x',
    });
    expect(pathsOf(performed.effects).toSorted()).toEqual(['a.txt', 'own.txt']);
    expect(await readdir(fixture.workspace)).toEqual([]);
    await gate.endRun('run_1');
  });

  test('[WRK-57] in a plan that the caller reports itself, each shows its own', async () => {
    const calls = [one('polite/write', { files: { 'a.txt': 'x' } }), one('polite/report')];
    const performed = await perform('tells', { calls }, PLAN);
    expect(outputIn(performed).answers).toMatchObject([{ ok: true }, { output: { mode: 'preview' } }]);
    expect(pathsOf(performed.effects).toSorted()).toEqual(['a.txt', 'reported.txt']);
    expect(await readdir(fixture.workspace)).toEqual([]);
    await gate.endRun('run_1');
  });

  test('[WRK-57] in a plan of which nobody can say what it would do, that is what the plan says', async () => {
    const performed = await perform('pass', { calls: [one('polite/unknown')], through: true }, PLAN);
    expect(performed).toMatchObject({
      outcome: { ok: true, output: null },
      effects: [{ kind: 'command', command: 'polite/unknown', purpose: expect.stringContaining('unknown') }],
    });
    const caught = await perform('pass', { calls: [one('polite/unknown')] }, PLAN);
    expect(outputIn(caught).answers[0]?.failure?.code).toBe('not_planned');
    const deeper = await perform(
      'pass',
      { calls: [one('partner/on', { uses: 'polite/unknown' })], through: true },
      PLAN,
    );
    expect(deeper.outcome).toEqual({ ok: true, output: null });
    expect(await readdir(fixture.workspace)).toEqual([]);
    await gate.endRun('run_1');
  });
});

describeSandboxed('what an action uses that another one calls', () => {
  test('[WRK-37] money, tokens, measures and the number of calls count for the caller; what it says bears its name', async () => {
    const spent: Usage[] = [];
    const measured: Usage[] = [];
    const lines: string[] = [];
    const labels: (string | undefined)[] = [];
    const heard: Partial<GateObserver> = {
      spend: (usage) => spent.push(usage),
      measure: (usage) => measured.push(usage),
      log: ({ message }) => lines.push(message),
      progress: ({ label }) => labels.push(label),
    };
    const calls = [one('partner/spend', { money: '0.5 USD' }), one('partner/spend', { tokens: 7 })];
    const limits = { cpuMs: 60_000 };
    await perform('pass', { calls }, { heard, limits });
    expect(spent).toEqual([{ actions: 1 }, { money: { USD: '0.5' } }, { actions: 1 }, { tokens: 7 }]);
    expect(lines).toContain('partner/spend: buys something');
    expect(labels).toContain('partner/spend: buying');
    // The sum only grows, and in the end has all three processes.
    const cpu = measured.map(({ cpuMs = 0 }) => cpuMs);
    expect(cpu).toEqual(cpu.toSorted((a, b) => a - b));
    expect(cpu.at(-1)).toBeGreaterThan(0);
  });

  test('[WRK-37] a budget that is used up by it stops both', async () => {
    const controller = new AbortController();
    const heard = { spend: () => controller.abort('over_budget') };
    const { outcome } = await perform(
      'pass',
      { calls: [one('partner/wait')] },
      { heard, signal: controller.signal, limits: { cpuMs: 60_000 } },
    );
    expect(outcome).toMatchObject({ ok: false });
    expect(fixture.runner.figures().filter(({ calls }) => calls > 0)).toEqual([]);
  });

  test('[WRK-38] stopping the caller stops what it called, and nothing is left', async () => {
    const controller = new AbortController();
    const heard: Partial<GateObserver> = {
      log: ({ message }) => message === 'partner/wait: waiting' && controller.abort('cancelled'),
    };
    const { outcome } = await perform(
      'pass',
      { calls: [one('partner/wait')] },
      { heard, signal: controller.signal },
    );
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    const ends = (await fixture.audited()).filter((entry) => entry.outcome === 'cancelled');
    expect(ends.map(({ worker }) => worker)).toEqual(['partner', 'caller']);
    expect(fixture.runner.figures().filter(({ calls }) => calls > 0)).toEqual([]);
  });

  test('[WRK-38] what is still under way when the caller has answered is stopped, and waited for', async () => {
    const performed = await perform('pass', { calls: [one('partner/wait')], leave: true });
    expect(performed.outcome.ok).toBe(true);
    expect(fixture.runner.figures().filter(({ calls }) => calls > 0)).toEqual([]);
    // Nothing is recorded of it after the end of its caller.
    expect((await fixture.audited()).at(-1)).toMatchObject({ worker: 'caller', outcome: 'succeeded' });
  });

  test('[WRK-38] what is called after the end of the call is called by nobody', async () => {
    const late = one('partner/key');
    await perform('pass', { calls: [], late });
    // In the same process, and after it: what it sent before was heard before.
    await perform('pass', { calls: [one('polite/echo', { text: 'x' })] });
    const called = (await fixture.audited()).filter(({ operation }) => operation === 'call');
    expect(called.map(({ worker }) => worker)).toEqual([
      'caller',
      'caller',
      'caller',
      'polite',
      'polite',
      'caller',
    ]);
  });

  test('[WRK-38] its own limit of time ends it alone, and the caller hears why', async () => {
    const clock = simulatedClock();
    const timed = fixture.newGate({ clock });
    const heard: Partial<GateObserver> = {
      log: ({ message }) => message === 'partner/wait: waiting' && clock.advance(300_000),
    };
    const limited = await perform('pass', { calls: [one('partner/wait')] }, { through: timed, heard });
    expect(outputIn(limited).answers).toMatchObject([
      { failure: { code: 'timed_out', message: 'partner/wait was stopped: it took longer than 5m' } },
    ]);
    const sooner = { ...one('partner/wait'), options: { timeoutMs: 60_000 } };
    const told: Partial<GateObserver> = {
      log: ({ message }) => message === 'partner/wait: waiting' && clock.advance(60_000),
    };
    const asked = await perform('pass', { calls: [sooner] }, { through: timed, heard: told });
    expect(outputIn(asked).answers).toMatchObject([
      { failure: { code: 'timed_out', message: /longer than 1m/ } },
    ]);
  });
});

describeSandboxed('what is kept of results', () => {
  const cached = () => {
    const { results, files } = fixture.store;
    return fixture.newGate({ cache: { results, files, limits: { ttlMs: 60_000, maxBytes: 1024 ** 3 } } });
  };

  test('[WRK-126] the one that is called may be answered with a kept result, the caller never', async () => {
    const through = cached();
    const cache = { key: 'mine', scope: 'w/s', ttlMs: 60_000, tags: [] };
    const input = { calls: [one('partner/pure')] };
    const spent: Usage[] = [];
    const first = await perform('pass', input, { through, cache });
    const second = await perform('pass', input, {
      through,
      cache,
      run: 'run_2',
      heard: { spend: (usage) => spent.push(usage) },
    });
    expect(outputIn(second).answers).toEqual(outputIn(first).answers);
    expect([first.cachedFrom, second.cachedFrom]).toEqual([undefined, undefined]);
    expect(spent).toEqual([]);
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({
        worker: 'partner',
        rule: 'cache',
        details: expect.objectContaining({ cachedFrom: 'run_1', calledBy: ['caller/pass@0.1.0'] }),
      }),
    );
    // Without keeping anything it is performed again.
    const third = await perform('pass', input, { through, noCache: true, run: 'run_3' });
    expect(outputIn(third).answers).not.toEqual(outputIn(first).answers);
  });
});

describeSandboxed('streams', () => {
  const streamIn = (value: JsonValue | undefined) => value as unknown as StreamHandle & JsonObject;

  test('[WRK-44] come from the one that is called to its caller, and go on to the next, and into what the caller answers', async () => {
    const made = await perform('pass', { calls: [one('partner/write-stream')] });
    const stream = streamIn(outputIn(made).answers[0]?.output?.['stream']);
    expect(made.written?.map(({ handle }) => handle)).toEqual([stream]);
    const given = await perform('pass', { calls: [one('partner/stream', { stream })] });
    expect(outputIn(given).answers).toMatchObject([{ output: { text: 'from the partner' } }]);
  });

  test('[WRK-44] that the caller was not given are read by nobody on its behalf', async () => {
    const made = await perform('pass', { calls: [one('partner/write-stream')] });
    const { $stream } = streamIn(outputIn(made).answers[0]?.output?.['stream']);
    // Its name alone, put together by the one that calls.
    const guessed = await perform('pass', { calls: [], guess: { uses: 'partner/stream', name: $stream } });
    expect(outputIn(guessed).answers).toMatchObject([
      {
        failure: {
          code: 'denied',
          details: { rule: expect.stringContaining('was not given to the caller') },
        },
      },
    ]);
  });
});
