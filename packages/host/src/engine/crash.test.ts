import { isOver, type NumberedEvent, type RunState } from '@cadre/core';
import { failure } from '@cadre/sdk';
import { describe, expect, test } from 'vitest';
import { crashingStore } from '../testing/crashing-store.ts';
import { retryTimes, sampleAction, sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { type Script, succeed } from '../testing/scripted-gate.ts';
import type { Engine } from './engine.ts';
import { openWorld, type SimulatedProcess, startSample, type World } from './testing/world.ts';

/** Every kind of step that runs, every way in which one goes on after a failure. */
const WORKFLOW = sampleWorkflow(
  [
    sampleAction('first'),
    sampleStep('many', {
      kind: 'parallel',
      branches: [sampleAction('left'), sampleAction('right', { retry: retryTimes(2, 1_000) })],
    }),
    sampleStep('each', {
      kind: 'forEach',
      items: ['x', 'y', 'z'],
      as: 'item',
      atMost: 2,
      steps: [sampleAction('lint', {}, { item: '${{ item }}' })],
    }),
    sampleStep('kind', {
      kind: 'choose',
      branches: [
        { if: '${{ false }}', steps: [sampleAction('never')] },
        { steps: [sampleAction('otherwise')] },
      ],
    }),
    sampleAction('off', { if: '${{ false }}' }),
    sampleStep('proof', { kind: 'check', conditions: [{ that: '${{ steps.first.output == "done" }}' }] }),
    sampleStep('ask', { kind: 'approval', prompt: 'Go on?', default: 'deny' }),
    sampleAction('mend', {
      // biome-ignore lint/suspicious/noThenProperty: a word of the workflow language
      onError: { kind: 'recover', steps: [sampleAction('fix')], then: 'retry' },
    }),
    sampleAction('once'),
    sampleAction('ignored', { onError: { kind: 'continue' } }),
  ],
  { finally: [sampleAction('clean')], outputs: { first: '${{ steps.first.output }}' } },
);

const broken = failure('network', 'no answer', { retryable: true });
const done = (): ReturnType<typeof succeed> => succeed('done');

/** What the world is like does not depend on which process looks at it. */
function scriptsOf(shared: { fixed: boolean }): Readonly<Record<string, Script>> {
  const said: Script = {
    effects: [{ kind: 'command', command: 'true', purpose: 'x' }],
    perform: (call, _signal, observer) => {
      observer.log({ level: 'info', message: `${call.step} says so` });
      return done();
    },
  };
  return {
    'sample/first': said,
    'sample/left': said,
    'sample/right': { perform: (call) => (call.attempt === 1 ? { ok: false, failure: broken } : done()) },
    'sample/lint': { perform: done },
    'sample/otherwise': { perform: done },
    'sample/mend': {
      perform: () => (shared.fixed ? done() : { ok: false, failure: failure('broken', 'it is broken') }),
    },
    'sample/fix': {
      perform: () => {
        shared.fixed = true;
        return done();
      },
    },
    'sample/once': { perform: done, traits: { repeatable: false } },
    'sample/ignored': { perform: () => ({ ok: false, failure: failure('no_matter', 'never mind') }) },
    'sample/clean': said,
  };
}

/** Goes on with a run to its end, answering what it asks. */
async function toTheEnd(world: World, engine: Engine, id: string): Promise<RunState> {
  for (;;) {
    const settling = engine.settled(id);
    await world.clock.advance(2_000);
    const state = await settling;
    if (isOver(state.status)) return state;
    for (const [step, { question }] of state.steps.filter((one) => one.status === 'waiting')) {
      const answer = question?.kind === 'approval' ? 'allow' : 'retry';
      await engine.answer(id, step, { by: 'user:ada', answer });
    }
  }
}

/** Steps whose result stands in the journal, and is final. */
function resultsIn(events: readonly NumberedEvent[]): ReadonlySet<string> {
  return new Set(events.flatMap((event) => (event.type === 'step.succeeded' ? [event.step] : [])));
}

async function calmly(): Promise<{ state: RunState; writes: number }> {
  const world = openWorld();
  let writes = () => 0;
  const { engine } = await world.process(scriptsOf({ fixed: false }), {
    wrap: (store) => {
      const counting = crashingStore(store, { at: Number.POSITIVE_INFINITY, when: 'before', died: () => {} });
      writes = counting.writes;
      return counting;
    },
  });
  const state = await toTheEnd(world, engine, await startSample(engine, WORKFLOW));
  const counted = writes();
  await world.close();
  return { state, writes: counted };
}

interface Crashed {
  readonly world: World;
  readonly first: SimulatedProcess;
  /** Undefined: it died before the run was there. */
  readonly id: string | undefined;
  readonly scripts: Readonly<Record<string, Script>>;
}

async function crashAt(at: number, when: 'before' | 'after'): Promise<Crashed> {
  const world = openWorld();
  const scripts = scriptsOf({ fixed: false });
  let dead = () => {};
  const died = new Promise<void>((resolve) => {
    dead = resolve;
  });
  const first: SimulatedProcess = await world.process(scripts, {
    wrap: (store) => crashingStore(store, { at, when, died: () => dead() }),
  });
  const working = startSample(first.engine, WORKFLOW).then((id) => toTheEnd(world, first.engine, id));
  await Promise.race([working, died]);
  first.die();
  await world.clock.advance(0);
  const { runs } = await first.store.runs.list({});
  return { world, first, id: runs[0]?.id, scripts };
}

describe('a process that dies at any of its writes', async () => {
  const calm = await calmly();
  const writes = Array.from({ length: calm.writes }, (_, index) => index + 1);

  test('had something to write', () => {
    expect(calm.state).toMatchObject({ status: 'succeeded', output: { first: 'done' } });
    expect(calm.writes).toBeGreaterThan(20);
  });

  describe.each(['before', 'after'] as const)('%s the commit', (when) => {
    test.each(
      writes,
    )('(number %i) loses nothing and repeats nothing that was appended [WRK-40]', async (at) => {
      const { world, first, id, scripts } = await crashAt(at, when);
      const second = await world.process(scripts);
      const before = id === undefined ? [] : await first.store.runs.readEvents(id, 0);
      await second.engine.recover();
      const run = id ?? (await startSample(second.engine, WORKFLOW));
      const state = await toTheEnd(world, second.engine, run);

      // The run ends as it does without a crash.
      expect(state).toMatchObject({ status: 'succeeded', output: { first: 'done' } });
      const statuses = (one: RunState) => one.steps.map((step) => step.status).toObject();
      expect(statuses(state)).toEqual(statuses(calm.state));

      // What was appended is still there, and goes on without a gap.
      const after = await second.store.runs.readEvents(run, 0);
      expect(after.slice(0, before.length)).toEqual(before);
      expect(after.map((event) => event.number)).toEqual(after.map((_, index) => index + 1));

      // No step whose result was appended was performed again; no attempt was performed twice.
      const results = resultsIn(before);
      expect(second.gate.calls.filter((call) => results.has(call.step))).toEqual([]);
      const attempts = [...first.gate.calls, ...second.gate.calls].filter((call) => call.run === run);
      const keys = attempts.map((call) => `${call.step} ${call.attempt}`);
      expect(new Set(keys).size).toBe(keys.length);

      // Every result has its effects and lines.
      const effects = await second.engine.effects(run);
      const lines = await second.engine.logs(run, 0);
      for (const step of ['first', 'many/left', '~finally/clean']) {
        expect(effects.some((one) => one.step === step)).toBe(true);
        expect(lines.some((line) => line.step === step)).toBe(true);
      }
      await world.close();
    });
  });
});
