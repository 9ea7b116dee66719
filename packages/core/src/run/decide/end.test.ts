import { expect, test } from 'vitest';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';

const tell = actionOf('tell', {}, { text: 'failed: ${{ failure.message }}' });
const unlock = actionOf('unlock');

test('outputs are evaluated at the end and are the output of the run', () => {
  const run = simulate(workflowOf([actionOf('a')], { outputs: { n: '${{ steps.a.output.n }}', fixed: 1 } }));
  run.go();
  run.succeed('a', { n: 5 });
  expect(run.state()).toMatchObject({ status: 'succeeded', output: { n: 5, fixed: 1 } });
});

test('an output that cannot be evaluated fails the run', () => {
  const run = simulate(workflowOf([actionOf('a')], { outputs: { n: '${{ steps.a.output.n }}' } }));
  run.go();
  run.succeed('a', 'no map');
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'invalid_expression' } });
});

test('after a failure `onFailure` runs with the failure in scope, then `finally`, then the run fails', () => {
  const run = simulate(workflowOf([actionOf('a'), actionOf('b')], { onFailure: [tell], finally: [unlock] }));
  run.go();
  run.fail('a');
  expect(run.performing.get('~onFailure/tell')?.input).toEqual({ text: 'failed: a is broken' });
  run.succeed('~onFailure/tell');
  expect([...run.performing.keys()]).toEqual(['~finally/unlock']);
  run.succeed('~finally/unlock');
  expect(run.state()).toMatchObject({
    status: 'failed',
    failure: { code: 'broken', details: { step: 'a' } },
  });
});

test('after success `finally` runs and `onFailure` does not', () => {
  const run = simulate(workflowOf([actionOf('a')], { onFailure: [tell], finally: [unlock] }));
  run.go();
  run.succeed('a');
  expect([...run.performing.keys()]).toEqual(['~finally/unlock']);
  run.succeed('~finally/unlock');
  expect(run.state().status).toBe('succeeded');
  expect(run.status('~onFailure/tell')).toBe('pending');
});

test("`finally` runs also when `onFailure` fails, and the first failure is the run's", () => {
  const run = simulate(workflowOf([actionOf('a')], { onFailure: [tell], finally: [unlock] }));
  run.go();
  run.fail('a');
  run.fail('~onFailure/tell', 'unreachable');
  run.succeed('~finally/unlock');
  expect(run.state().failure).toMatchObject({ code: 'broken' });
});

test('a run whose `finally` fails has failed', () => {
  const run = simulate(workflowOf([actionOf('a')], { finally: [unlock] }));
  run.go();
  run.succeed('a');
  run.fail('~finally/unlock', 'stuck');
  expect(run.state()).toMatchObject({
    status: 'failed',
    failure: { code: 'stuck', details: { step: '~finally/unlock' } },
  });
});

test('steps in `finally` run one after another also in graph mode', () => {
  const run = simulate(workflowOf([], { mode: 'graph', finally: [actionOf('x'), actionOf('y')] }));
  run.go();
  expect([...run.performing.keys()]).toEqual(['~finally/x']);
});

test('cancelling ends what runs, starts nothing new but `finally`, and the run is cancelled', () => {
  const both = stepOf('both', { kind: 'parallel', branches: [actionOf('left'), actionOf('right')] });
  const run = simulate(workflowOf([both, actionOf('next')], { onFailure: [tell], finally: [unlock] }));
  run.go();
  run.cancel();
  expect(run.state().status).toBe('cancelling');
  expect(run.cancels()).toEqual(['both/left', 'both/right']);
  run.cancelled('both/left');
  expect(run.cancels()).toEqual(['both/right']);
  run.succeed('both/right');
  expect(run.status('both')).toBe('cancelled');
  expect(run.step('next')).toMatchObject({ status: 'skipped', reason: 'cancelled' });
  expect([...run.performing.keys()]).toEqual(['~finally/unlock']);
  expect(run.cancels()).toEqual([]);
  run.succeed('~finally/unlock');
  expect(run.state().status).toBe('cancelled');
});

test('cancelling ends what waits for a person or for its next attempt at once', () => {
  const retry = { attempts: 2, delayMs: 1000, backoff: 1, maxDelayMs: 1000, jitter: 'none' as const };
  const branches = [
    stepOf('ask', { kind: 'approval', prompt: '?', default: 'deny' }),
    actionOf('slow', { retry }),
  ];
  const run = simulate(workflowOf([stepOf('both', { kind: 'parallel', branches })]));
  run.go();
  run.fail('both/slow', 'busy', { retryable: true });
  run.cancel();
  expect(run.status('both/ask')).toBe('cancelled');
  expect(run.status('both/slow')).toBe('cancelled');
  expect(run.state().status).toBe('cancelled');
});

test('cancelling during `onFailure` ends it and goes to `finally`', () => {
  const run = simulate(
    workflowOf([actionOf('a')], { onFailure: [tell, actionOf('more')], finally: [unlock] }),
  );
  run.go();
  run.fail('a');
  run.cancel();
  expect(run.cancels()).toEqual(['~onFailure/tell']);
  run.cancelled('~onFailure/tell');
  expect(run.status('~onFailure/more')).toBe('skipped');
  expect([...run.performing.keys()]).toEqual(['~finally/unlock']);
  run.succeed('~finally/unlock');
  expect(run.state().status).toBe('cancelled');
});

test('cancelling during `finally` lets it end', () => {
  const run = simulate(workflowOf([], { finally: [unlock, actionOf('more')] }));
  run.go();
  run.cancel();
  expect(run.cancels()).toEqual([]);
  run.succeed('~finally/unlock');
  run.succeed('~finally/more');
  expect(run.state().status).toBe('cancelled');
});

test('a run that is cancelled before it was started does nothing at all', () => {
  const run = simulate(workflowOf([actionOf('a')], { finally: [unlock] }));
  run.cancel();
  expect(run.types()).toEqual(['run.created', 'run.cancelling', 'run.cancelled']);
});

test('a run over its time is stopped, `finally` still runs, and the run has timed out', () => {
  const run = simulate(
    workflowOf([actionOf('a'), actionOf('b')], {
      budget: { wallMs: 5000 },
      onFailure: [tell],
      finally: [unlock],
    }),
  );
  run.go();
  expect(run.wake()).toBe(5000);
  run.pass(4999);
  expect(run.cancels()).toEqual([]);
  run.pass(1);
  expect(run.cancels()).toEqual(['a']);
  expect(run.wake()).toBeUndefined();
  run.cancelled('a');
  expect(run.step('b')).toMatchObject({ status: 'skipped', reason: 'timed_out' });
  expect([...run.performing.keys()]).toEqual(['~finally/unlock']);
  run.pass(1_000_000);
  run.succeed('~finally/unlock');
  expect(run.state().status).toBe('timed_out');
});

test('a run over its time while it waits for a person ends at once', () => {
  const ask = stepOf('ask', { kind: 'approval', prompt: '?', default: 'deny' });
  const run = simulate(workflowOf([ask], { budget: { wallMs: 5000 } }));
  run.go();
  expect(run.wake()).toBe(5000);
  run.pass(5000);
  expect(run.status('ask')).toBe('cancelled');
  expect(run.state().status).toBe('timed_out');
});

test('a run over its time in `onFailure` has failed with what it had failed with', () => {
  const run = simulate(workflowOf([actionOf('a')], { budget: { wallMs: 5000 }, onFailure: [tell] }));
  run.go();
  run.fail('a');
  run.pass(5000);
  expect(run.cancels()).toEqual(['~onFailure/tell']);
  run.cancelled('~onFailure/tell');
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'broken' } });
});

test('an action cannot make the run time out by the code of its failure', () => {
  const run = simulate(workflowOf([actionOf('a')]));
  run.go();
  run.fail('a', 'run_timed_out');
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'run_timed_out' } });
});

test.each([
  [
    'parallel',
    stepOf('box', { kind: 'parallel', branches: [actionOf('a'), actionOf('b')] }, { timeoutMs: 5000 }),
    ['box/a', 'box/b'],
  ],
  [
    'forEach',
    stepOf(
      'box',
      { kind: 'forEach', items: [1, 2], as: 'item', atMost: 1, steps: [actionOf('a')] },
      { timeoutMs: 5000 },
    ),
    ['box/0/a'],
  ],
  [
    'choose',
    stepOf('box', { kind: 'choose', branches: [{ steps: [actionOf('a')] }] }, { timeoutMs: 5000 }),
    ['box/0/a'],
  ],
] as const)('a %s over its own time limit cancels what is inside and has timed out', (_, box, inside) => {
  const run = simulate(workflowOf([{ ...box, onError: { kind: 'continue' } }, actionOf('after')]));
  run.go();
  expect(run.wake()).toBe(5000);
  run.pass(5000);
  expect(run.cancels()).toEqual(inside);
  expect(run.wake()).toBeUndefined();
  for (const path of inside) run.cancelled(path);
  expect(run.step('box')).toMatchObject({
    status: 'timed_out',
    failure: { code: 'timed_out', details: { step: 'box' } },
  });
  expect([...run.performing.keys()]).toEqual(['after']);
});

test('a container that ends within its time limit is not woken for it', () => {
  const box = stepOf('box', { kind: 'parallel', branches: [actionOf('a')] }, { timeoutMs: 5000 });
  const run = simulate(workflowOf([box, actionOf('after')]));
  run.go();
  run.succeed('box/a');
  expect(run.wake()).toBeUndefined();
  run.pass(5000);
  expect(run.status('box')).toBe('succeeded');
});
