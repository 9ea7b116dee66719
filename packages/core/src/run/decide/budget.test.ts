import fc from 'fast-check';
import { expect, test } from 'vitest';
import { overrunOf } from '../../budget/limits.ts';
import { addUsage, type Usage } from '../../budget/usage.ts';
import type { Budget, Step } from '../../workflow/workflow.ts';
import { isOver } from '../status.ts';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';

const childOf = (id: string, budget?: Budget): Step =>
  stepOf(id, { kind: 'workflow', workflow: 'other', with: {} }, budget === undefined ? {} : { budget });

function limitsOf(run: ReturnType<typeof simulate>, step: string) {
  const command = run.performing.get(step);
  return command?.type === 'perform-step' ? command.limits : command?.budget;
}

test('[WRK-37] a run that used more than its budget begins nothing more and fails, and its end is still tidied up', () => {
  const run = simulate(
    workflowOf([actionOf('a'), actionOf('b')], { budget: { tokens: 100 }, finally: [actionOf('last')] }),
  );
  run.go();
  expect(limitsOf(run, 'a')).toEqual({ tokens: 100 });
  run.succeed('a', null, { tokens: 101 });
  expect(run.status('b')).toBe('skipped');
  expect(limitsOf(run, '~finally/last')).toBeUndefined();
  run.succeed('~finally/last', null, { tokens: 7 });
  expect(run.state().status).toBe('failed');
  expect(run.state().failure).toMatchObject({
    code: 'budget_exceeded',
    message: "the run used 101 tokens, more than the 100 tokens of its budget, by the step 'a'",
    details: { at: 'a', limit: 'tokens', planned: 100, used: 101 },
  });
  expect(run.state().used).toEqual({ tokens: 108 });
});

test('[WRK-37] at four fifths there is one warning a limit, for the run and for a step each', () => {
  const step = stepOf(
    'both',
    { kind: 'parallel', branches: [actionOf('a'), actionOf('b')] },
    { budget: { tokens: 50 } },
  );
  const run = simulate(workflowOf([step], { budget: { tokens: 100 } }));
  run.go();
  const warnings = () => run.events.filter(({ type }) => type === 'run.warned');
  run.spend('both/a', { tokens: 39 });
  expect(warnings()).toEqual([]);
  run.spend('both/a', { tokens: 40 });
  run.spend('both/a', { tokens: 45 });
  expect(warnings()).toMatchObject([{ scope: 'both', limit: 'tokens', planned: 50, used: 40 }]);
});

test('what an attempt under way tells of stops those beside it', () => {
  const branches = [actionOf('a'), actionOf('b')];
  const run = simulate(
    workflowOf([stepOf('both', { kind: 'parallel', branches })], { budget: { tokens: 100 } }),
  );
  run.go();
  run.spend('both/a', { tokens: 60 });
  expect(run.cancels()).toEqual([]);
  run.spend('both/b', { tokens: 60 });
  expect(run.cancels()).toEqual(['both/a', 'both/b']);
  run.tell({ type: 'step.cancelled', step: 'both/a', usage: { tokens: 61 } });
  run.tell({ type: 'step.cancelled', step: 'both/b', usage: { tokens: 60 } });
  expect(run.state().status).toBe('failed');
  expect(run.state().used).toEqual({ tokens: 121 });
});

test('[WRK-37] every try counts, also one whose process died, and the next has what is left', () => {
  const retry = { attempts: 3, delayMs: 0, backoff: 1, maxDelayMs: 0, jitter: 'none' as const };
  const run = simulate(workflowOf([actionOf('a', { retry, budget: { tokens: 100, cpuMs: 1_000 } })]));
  run.go();
  run.tell({
    type: 'step.failed',
    step: 'a',
    failure: { code: 'busy', message: 'busy', retryable: true },
    usage: { tokens: 30, cpuMs: 100 },
  });
  run.pass(0);
  expect(limitsOf(run, 'a')).toEqual({ tokens: 70, cpuMs: 900 });
  run.spend('a', { tokens: 20 });
  run.crash(() => true);
  expect(limitsOf(run, 'a')).toEqual({ tokens: 50, cpuMs: 900 });
  run.succeed('a', null, { tokens: 10, cpuMs: 50 });
  expect(run.step('a').used).toEqual({ tokens: 60, cpuMs: 150 });
  expect(run.state().status).toBe('succeeded');
});

test('[WRK-37] an action more than there may be is not begun', () => {
  const run = simulate(workflowOf([actionOf('a'), actionOf('b'), actionOf('c')], { budget: { actions: 2 } }));
  run.go();
  run.succeed('a');
  run.succeed('b');
  expect(run.performing.size).toBe(0);
  expect(run.state().failure).toMatchObject({
    code: 'budget_exceeded',
    details: { step: 'c', limit: 'actions' },
  });
  expect(run.state().used).toEqual({ actions: 2 });
});

test('a route of a step catches that its budget is used up, as any failure', () => {
  const step = stepOf(
    'each',
    { kind: 'forEach', items: [1, 2, 3], as: 'item', atMost: 1, steps: [actionOf('a')] },
    {
      budget: { tokens: 10 },
      onError: { kind: 'routes', routes: [{ on: ['budget_*'], route: { kind: 'continue' } }] },
    },
  );
  const run = simulate(workflowOf([step, actionOf('after')], { budget: { tokens: 1_000 } }));
  run.go();
  run.succeed('each/0/a', null, { tokens: 6 });
  run.succeed('each/1/a', null, { tokens: 6 });
  expect(run.step('each')).toMatchObject({
    status: 'failed',
    failure: { code: 'budget_exceeded', details: { step: 'each' } },
  });
  expect(limitsOf(run, 'after')).toEqual({ tokens: 988 });
  run.succeed('after');
  expect(run.state().status).toBe('succeeded');
});

test('a container that is tried again with its budget used up fails before anything is done in it', () => {
  const retry = {
    attempts: 3,
    delayMs: 0,
    backoff: 1,
    maxDelayMs: 0,
    jitter: 'none' as const,
    on: ['budget_exceeded'],
  };
  const step = stepOf(
    'both',
    { kind: 'parallel', branches: [actionOf('a')] },
    { budget: { tokens: 10 }, retry },
  );
  const run = simulate(workflowOf([step]));
  run.go();
  run.succeed('both/a', null, { tokens: 11 });
  while (!isOver(run.state().status)) run.pass(run.wake() ?? 0);
  expect(run.performed.map(({ step: path }) => path)).toEqual(['both/a']);
  expect(run.state().failure?.code).toBe('budget_exceeded');
});

test('[WRK-37] the time that a budget gives ends a container, an attempt and what waits', () => {
  const hangs = stepOf(
    'both',
    { kind: 'parallel', branches: [actionOf('a')] },
    { budget: { wallMs: 500 }, timeoutMs: 900, onError: { kind: 'continue' } },
  );
  const waits = stepOf(
    'waits',
    { kind: 'wait', event: 'told' },
    { budget: { wallMs: 500 }, onError: { kind: 'continue' } },
  );
  const asks = stepOf(
    'asks',
    { kind: 'approval', prompt: 'Well?', default: 'deny' },
    { budget: { wallMs: 500 }, onError: { kind: 'continue' } },
  );
  const run = simulate(workflowOf([hangs, waits, asks, actionOf('last', { budget: { wallMs: 500 } })]));
  run.go();
  expect(run.wake()).toBe(500);
  run.pass(500);
  run.cancelled('both/a');
  expect(run.step('both').failure).toMatchObject({
    code: 'budget_exceeded',
    details: { limit: 'wall', planned: 500 },
  });
  run.pass(run.wake() ?? 0);
  expect(run.step('waits').failure?.code).toBe('budget_exceeded');
  run.pass(run.wake() ?? 0);
  expect(run.step('asks').failure?.code).toBe('budget_exceeded');
  expect(limitsOf(run, 'last')).toEqual({ wallMs: 500 });
});

test('[WRK-37] a run inside gets what is left, kept for it until it is over; what it did not use comes back', () => {
  const run = simulate(
    workflowOf([childOf('one'), childOf('two')], {
      budget: { tokens: 100, money: { amount: '2', currency: 'USD' } },
    }),
  );
  run.go();
  expect(limitsOf(run, 'one')).toEqual({ tokens: 100, money: { amount: '2', currency: 'USD' } });
  run.succeed('one', null, { tokens: 10, money: { USD: '0.5' } });
  expect(limitsOf(run, 'two')).toEqual({ tokens: 90, money: { amount: '1.5', currency: 'USD' } });
});

test('[WRK-37] a run inside is given the time of its step with what is reserved for it', () => {
  const budget = { tokens: 100 };
  const run = simulate(workflowOf([childOf('one', { wallMs: 500 })], { budget }));
  run.go();
  expect(limitsOf(run, 'one')).toEqual({ tokens: 100, wallMs: 500 });
  expect(run.step('one').reserved).toEqual({ tokens: 100, wallMs: 500 });
});

test('[WRK-37] runs inside that go on at once share what there is; one whose budget is given gets that', () => {
  const branches = [childOf('a'), childOf('b', { tokens: 10 }), actionOf('c'), childOf('d')];
  const run = simulate(
    workflowOf([stepOf('all', { kind: 'parallel', branches })], { budget: { tokens: 90, actions: 2 } }),
  );
  run.go();
  expect(limitsOf(run, 'all/a')).toEqual({ tokens: 30, actions: 1 });
  expect(limitsOf(run, 'all/b')).toEqual({ tokens: 10, actions: 1 });
  expect(limitsOf(run, 'all/d')).toEqual({ tokens: 30, actions: 0 });
});

test('elements of a forEach that are runs share by how many go on together', () => {
  const each = stepOf('each', {
    kind: 'forEach',
    items: [1, 2, 3, 4, 5],
    as: 'item',
    atMost: 2,
    steps: [childOf('run')],
  });
  const run = simulate(workflowOf([each]), { budget: { tokens: 100 } });
  run.go();
  expect([limitsOf(run, 'each/0/run'), limitsOf(run, 'each/1/run')]).toEqual([
    { tokens: 50 },
    { tokens: 50 },
  ]);
  run.succeed('each/0/run', null, { tokens: 20 });
  // 80 are not used, 50 of them kept for the other.
  expect(limitsOf(run, 'each/2/run')).toEqual({ tokens: 30 });
});

test('[WRK-37] who wants to be asked is asked once about a limit before anything more begins under it', () => {
  const steps = [
    actionOf('a'),
    actionOf('b'),
    actionOf('c', { onError: { kind: 'continue' } }),
    actionOf('d'),
  ];
  const run = simulate(workflowOf(steps, { budget: { tokens: 100, cpuMs: 100 } }), { asksForBudget: true });
  run.go();
  run.succeed('a', null, { tokens: 80 });
  expect(run.step('b').question).toEqual({
    kind: 'budget',
    prompt: 'the run has used 80 tokens of 100 tokens. Go on?',
  });
  run.answer('b', 'allow');
  expect(limitsOf(run, 'b')).toEqual({ tokens: 20, cpuMs: 100 });
  run.succeed('b', null, { cpuMs: 90 });
  run.answer('c', 'deny');
  expect(run.step('c').failure).toMatchObject({ code: 'budget_exceeded' });
  expect(run.status('d')).toBe('waiting');
  run.answer('d', 'allow');
  run.succeed('d');
  expect(run.state().status).toBe('succeeded');
});

/** Steps that hold runs of their own in any way. */
const holders: fc.Arbitrary<Step[]> = fc
  .letrec<{ step: Seed }>((tie) => ({
    step: fc.oneof(
      { maxDepth: 3 },
      fc.record({
        kind: fc.constant('run' as const),
        budget: fc.option(fc.integer({ min: 0, max: 80 }), { nil: undefined }),
      }),
      fc.record({
        kind: fc.constant('parallel' as const),
        inside: fc.array(tie('step'), { minLength: 1, maxLength: 4 }),
        budget: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
      }),
      fc.record({
        kind: fc.constant('forEach' as const),
        inside: fc.array(tie('step'), { minLength: 1, maxLength: 2 }),
        items: fc.integer({ min: 1, max: 5 }),
        atMost: fc.integer({ min: 1, max: 3 }),
        budget: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
      }),
    ),
  }))
  .step.map((seed) => [grow(seed, { count: 0 })]);

type Seed =
  | { kind: 'run'; budget: number | undefined }
  | { kind: 'parallel'; inside: Seed[]; budget: number | undefined }
  | { kind: 'forEach'; inside: Seed[]; items: number; atMost: number; budget: number | undefined };

function grow(seed: Seed, ids: { count: number }): Step {
  const id = `s${ids.count++}`;
  const more = seed.budget === undefined ? {} : { budget: { tokens: seed.budget } };
  if (seed.kind === 'run') return stepOf(id, { kind: 'workflow', workflow: 'other', with: {} }, more);
  const inside = seed.inside.map((each) => grow(each, ids));
  if (seed.kind === 'parallel') return stepOf(id, { kind: 'parallel', branches: inside }, more);
  const items = Array.from({ length: seed.items }, (_, index) => index);
  return stepOf(id, { kind: 'forEach', items, as: 'item', atMost: seed.atMost, steps: inside }, more);
}

test('[WRK-37] whatever is nested in whatever: runs inside together never use more than there was, and use never decreases', () => {
  const tokens = 1_000;
  fc.assert(
    fc.property(
      holders,
      fc.array(fc.nat({ max: 100 }), { minLength: 60, maxLength: 60 }),
      (steps, chances) => {
        const run = simulate(workflowOf(steps, { budget: { tokens } }));
        run.go();
        let used: Usage = {};
        for (let index = 0; !isOver(run.state().status); index += 1) {
          const open = [...run.performing.keys()];
          const chance = chances[index % chances.length] ?? 0;
          const step = open[chance % open.length] ?? '';
          const reserved = open.map((path) => run.step(path).reserved?.tokens ?? Number.NaN);
          const held = reserved.reduce((sum, each) => sum + each, 0);
          expect(held + (run.state().used?.tokens ?? 0)).toBeLessThanOrEqual(tokens);
          const granted = run.step(step).reserved?.tokens ?? Number.NaN;
          run.succeed(step, null, {
            tokens: chance % 3 === 0 ? granted : Math.floor((granted * chance) / 100),
          });
          const now = run.state().used ?? {};
          expect(now.tokens ?? 0).toBeGreaterThanOrEqual(used.tokens ?? 0);
          used = addUsage({}, now);
        }
        expect(overrunOf({ tokens }, run.state().used)).toBeUndefined();
        // Nobody who kept to what was reserved for them has made anything fail.
        expect(run.state().status).toBe('succeeded');
      },
    ),
  );
});

test('a journal of before there was any use in it leads to the same state as ever', () => {
  const run = simulate(workflowOf([actionOf('a')], { budget: { tokens: 5 } }));
  run.go();
  run.succeed('a');
  expect(run.state().used).toBeUndefined();
  expect(run.state().status).toBe('succeeded');
});
