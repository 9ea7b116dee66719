import { expect, test } from 'vitest';
import { simulate } from '../testing/simulation.ts';
import { actionOf, NO_RETRY, stepOf, workflowOf } from '../testing/workflow-of.ts';

const poll = actionOf('poll', {}, { try: '${{ iteration }}' });
const until = (more = {}, common = {}) =>
  stepOf(
    'ready',
    { kind: 'repeat', until: '${{ steps.poll.output == 200 }}', max: 3, steps: [poll], ...more },
    common,
  );

test('[WRK-30] a repeat goes on until its condition holds and gives what the last going-through gave', () => {
  const run = simulate(workflowOf([until()], { outputs: { got: '${{ steps.ready.output }}' } }));
  run.go();
  run.succeed('ready/1/poll', 503);
  expect(run.performed.map(({ step, input }) => [step, input])).toEqual([
    ['ready/1/poll', { try: 1 }],
    ['ready/2/poll', { try: 2 }],
  ]);
  run.succeed('ready/2/poll', 200);
  expect(run.state()).toMatchObject({ status: 'succeeded', output: { got: 200 } });
});

test('[WRK-30] a loop that went through `max` times without its condition fails and says how often', () => {
  const run = simulate(workflowOf([until({ max: 2 })]));
  run.go();
  run.succeed('ready/1/poll', 1);
  run.succeed('ready/2/poll', 2);
  expect(run.state().failure).toMatchObject({ code: 'max_reached', details: { step: 'ready' } });
  expect(run.state().failure?.message).toContain('2 times');
});

test('a while asks before each going-through, so it may go through none', () => {
  const loop = (condition: string) =>
    workflowOf([stepOf('loop', { kind: 'repeat', while: condition, max: 5, steps: [poll] })]);
  const none = simulate(loop('${{ false }}'));
  none.go();
  expect(none.step('loop')).toMatchObject({ status: 'succeeded', output: null });
  const two = simulate(loop('${{ iteration < 2 }}'));
  two.go();
  two.succeed('loop/1/poll', 'a');
  two.succeed('loop/2/poll', 'b');
  expect(two.step('loop')).toMatchObject({ status: 'succeeded', output: 'b' });
});

test('`every` counts from one beginning to the next, and a slow going-through is followed at once', () => {
  const run = simulate(workflowOf([until({ everyMs: 5000 })]));
  run.go();
  run.pass(2000);
  run.succeed('ready/1/poll', 1);
  expect([...run.performing.keys()]).toEqual([]);
  expect(run.wake()).toBe(3000);
  run.crash();
  run.pass(3000);
  expect([...run.performing.keys()]).toEqual(['ready/2/poll']);
  run.pass(9000);
  run.succeed('ready/2/poll', 2);
  expect([...run.performing.keys()]).toEqual(['ready/3/poll']);
});

test('a pause ends with the time limit of the loop, and with a cancellation at once', () => {
  const slow = simulate(workflowOf([until({ everyMs: 5000 }, { timeoutMs: 1000 })]));
  slow.go();
  slow.succeed('ready/1/poll', 1);
  slow.pass(1000);
  expect(slow.step('ready').status).toBe('timed_out');
  const cancelled = simulate(workflowOf([until({ everyMs: 5000 })]));
  cancelled.go();
  cancelled.succeed('ready/1/poll', 1);
  cancelled.cancel();
  expect(cancelled.state().status).toBe('cancelled');
});

test('a step that fails inside ends the loop, and a retry of the loop begins with the first going-through', () => {
  const retry = { ...NO_RETRY, attempts: 2, on: ['broken'] };
  const run = simulate(workflowOf([until({}, { retry })]));
  run.go();
  run.succeed('ready/1/poll', 1);
  run.fail('ready/2/poll');
  expect(run.status('ready')).toBe('retrying');
  run.pass(1000);
  expect(run.performed.at(-1)).toMatchObject({ step: 'ready/1/poll', input: { try: 1 } });
});

test('[WRK-30] ten thousand times through a loop leave no more in the state than one', () => {
  const steps = [poll, stepOf('both', { kind: 'parallel', branches: [actionOf('left'), actionOf('right')] })];
  const run = simulate(
    workflowOf([stepOf('loop', { kind: 'repeat', while: '${{ iteration < 10000 }}', max: 10_000, steps })]),
  );
  run.go();
  let most = 0;
  while (run.state().status === 'running') {
    for (const path of [...run.performing.keys()]) run.succeed(path);
    most = Math.max(most, run.state().steps.size);
  }
  expect(run.state().status).toBe('succeeded');
  expect(most).toBeLessThan(10);
}, 120_000);

test('of a forEach of thousands only the outputs remain in the state', () => {
  const items = Array.from({ length: 3000 }, (_, index) => index);
  const each = stepOf('each', { kind: 'forEach', items, as: 'item', atMost: 8, steps: [actionOf('work')] });
  const run = simulate(workflowOf([each], { outputs: { all: '${{ steps.each.output }}' } }));
  run.go();
  let most = 0;
  while (run.state().status === 'running') {
    const [path = ''] = run.performing.keys();
    run.succeed(path, Number(path.split('/')[1]) * 2);
    most = Math.max(most, run.state().steps.size);
  }
  expect(most).toBeLessThan(30);
  expect(run.state().output).toEqual({ all: items.map((index) => index * 2) });
});
