import { expect, test } from 'vitest';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';

const both = (more = {}) =>
  stepOf('both', { kind: 'parallel', branches: [actionOf('left'), actionOf('right')] }, more);

test('[WRK-36] branches of a parallel run at once and give an object by id in the order of the text', () => {
  const run = simulate(workflowOf([both()], { outputs: { all: '${{ steps.both.output }}' } }));
  run.go();
  expect([...run.performing.keys()]).toEqual(['both/left', 'both/right']);
  run.succeed('both/right', 2);
  run.succeed('both/left', 1);
  expect(JSON.stringify(run.state().output)).toBe('{"all":{"left":1,"right":2}}');
});

test('a branch that was skipped gives null', () => {
  const branches = [actionOf('left', { if: '${{ false }}' }), actionOf('right')];
  const run = simulate(workflowOf([stepOf('both', { kind: 'parallel', branches })]));
  run.go();
  run.succeed('both/right', 2);
  expect(run.step('both').output).toEqual({ left: null, right: 2 });
});

test('a parallel fails with the first branch that fails, after the others were cancelled', () => {
  const run = simulate(workflowOf([both({ onError: { kind: 'continue' } }), actionOf('after')]));
  run.go();
  run.fail('both/left');
  expect(run.cancels()).toEqual(['both/right']);
  expect(run.status('both')).toBe('running');
  run.go();
  expect(run.cancels()).toEqual(['both/right']);
  run.cancelled('both/right');
  expect(run.step('both')).toMatchObject({ status: 'failed', failure: { details: { step: 'both/left' } } });
  expect([...run.performing.keys()]).toEqual(['after']);
});

test('a branch that succeeds although it was to be cancelled keeps its result, and the parallel still fails', () => {
  const run = simulate(workflowOf([both()]));
  run.go();
  run.fail('both/left');
  run.succeed('both/right', 2);
  expect(run.step('both/right')).toMatchObject({ status: 'succeeded', output: 2 });
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'broken' } });
});

test('a branch that fails at once keeps the branches before it from being handed out', () => {
  const check = stepOf('check', { kind: 'check', conditions: [{ that: '${{ false }}' }] });
  const run = simulate(
    workflowOf([stepOf('both', { kind: 'parallel', branches: [actionOf('left'), check, actionOf('last')] })]),
  );
  run.go();
  expect(run.commands()).toEqual([]);
  expect(run.performing.size).toBe(0);
  expect(run.step('both/left').status).toBe('cancelled');
  expect(run.step('both/last')).toMatchObject({ status: 'skipped', reason: 'after_failure' });
  expect(run.state().failure).toMatchObject({ code: 'check_failed', details: { step: 'both/check' } });
});

test('deep inside a failing container whatever waits for its next attempt is cancelled', () => {
  const retry = { attempts: 2, delayMs: 1000, backoff: 1, maxDelayMs: 1000, jitter: 'none' as const };
  const inner = stepOf('inner', { kind: 'choose', branches: [{ steps: [actionOf('slow', { retry })] }] });
  const run = simulate(
    workflowOf([stepOf('both', { kind: 'parallel', branches: [inner, actionOf('bad')] })]),
  );
  run.go();
  run.fail('both/inner/0/slow', 'busy', { retryable: true });
  expect(run.status('both/inner/0/slow')).toBe('retrying');
  run.fail('both/bad');
  expect(run.status('both/inner/0/slow')).toBe('cancelled');
  expect(run.status('both/inner')).toBe('cancelled');
  expect(run.state().status).toBe('failed');
});

const each = (items: number[] | string, atMost?: number) =>
  stepOf('each', {
    kind: 'forEach',
    items,
    as: 'file',
    ...(atMost === undefined ? {} : { atMost }),
    steps: [actionOf('lint', {}, { file: '${{ file }}', at: '${{ index }}' })],
  });

test('a forEach runs at most so many elements at once', () => {
  const run = simulate(workflowOf([each([10, 11, 12, 13], 2)]));
  run.go();
  expect([...run.performing.keys()]).toEqual(['each/0/lint', 'each/1/lint']);
  run.succeed('each/1/lint');
  expect([...run.performing.keys()]).toEqual(['each/0/lint', 'each/2/lint']);
  expect(run.performing.get('each/2/lint')?.input).toEqual({ file: 12, at: 2 });
});

test('a forEach without atMost runs eight elements at once', () => {
  const run = simulate(workflowOf([each([...Array(20).keys()])]));
  run.go();
  expect(run.performing.size).toBe(8);
});

test('[WRK-36] a forEach gives a list in the order of its elements, whatever finished first', () => {
  const run = simulate(workflowOf([each('${{ inputs.files }}')]), { inputs: { files: ['a', 'b', 'c'] } });
  run.go();
  run.succeed('each/2/lint', 'C');
  run.succeed('each/0/lint', 'A');
  run.succeed('each/1/lint', 'B');
  expect(run.step('each').output).toEqual(['A', 'B', 'C']);
});

test('a forEach over nothing gives an empty list', () => {
  const run = simulate(workflowOf([each([])]));
  run.go();
  expect(run.step('each')).toMatchObject({ status: 'succeeded', output: [] });
  expect(run.state().status).toBe('succeeded');
});

test('a forEach over something that is no list fails and says what it was given', () => {
  const run = simulate(workflowOf([each('${{ inputs.files }}')]), { inputs: { files: 'a' } });
  run.go();
  expect(run.state().failure).toMatchObject({ code: 'invalid_expression', details: { step: 'each' } });
  expect(run.state().failure?.message).toContain('string');
});

test('an element that fails ends its forEach: nothing new begins and the others are cancelled', () => {
  const run = simulate(workflowOf([each([1, 2, 3, 4, 5], 2)]));
  run.go();
  run.fail('each/0/lint');
  expect(run.cancels()).toEqual(['each/1/lint']);
  run.cancelled('each/1/lint');
  expect(run.state().steps.has('each/2')).toBe(false);
  expect(run.state().failure).toMatchObject({ code: 'broken', details: { step: 'each/0/lint' } });
});

test('elements whose failing step says `continue` do not end the forEach', () => {
  const lint = actionOf('lint', { onError: { kind: 'continue' } });
  const run = simulate(
    workflowOf([stepOf('each', { kind: 'forEach', items: [1, 2], as: 'file', steps: [lint] })]),
  );
  run.go();
  run.fail('each/0/lint');
  run.succeed('each/1/lint', 'fine');
  expect(run.step('each')).toMatchObject({ status: 'succeeded', output: [null, 'fine'] });
});

test('the output of an element is that of its last step that was not skipped', () => {
  const steps = [actionOf('first'), actionOf('second', { if: '${{ file > 1 }}' })];
  const run = simulate(workflowOf([stepOf('each', { kind: 'forEach', items: [1, 2], as: 'file', steps })]));
  run.go();
  run.succeed('each/0/first', 'one');
  run.succeed('each/1/first', 'two');
  run.succeed('each/1/second', 'more');
  expect(run.step('each').output).toEqual(['one', 'more']);
});

test('an inner forEach sees the names of the outer one, and hides what it names again', () => {
  const lint = actionOf(
    'lint',
    {},
    { pair: '${{ [row, cell, index] }}', size: '${{ steps.measure.output }}' },
  );
  const inner = stepOf('inner', { kind: 'forEach', items: '${{ row.cells }}', as: 'cell', steps: [lint] });
  const outer = stepOf('outer', {
    kind: 'forEach',
    items: [{ cells: [1] }, { cells: [2, 3] }],
    as: 'row',
    steps: [actionOf('measure'), inner],
  });
  const run = simulate(workflowOf([outer]));
  run.go();
  run.succeed('outer/1/measure', 'large');
  expect(run.performing.get('outer/1/inner/1/lint')?.input).toEqual({
    pair: [{ cells: [2, 3] }, 3, 1],
    size: 'large',
  });
});

const choose = (...conditions: (string | undefined)[]) =>
  stepOf('kind', {
    kind: 'choose',
    branches: conditions.map((condition, index) => ({
      ...(condition === undefined ? {} : { if: condition }),
      steps: [actionOf(`way${index}`)],
    })),
  });

test('choose takes the first branch whose `if` holds and gives what its last step gives', () => {
  const run = simulate(workflowOf([choose('${{ inputs.n > 5 }}', '${{ inputs.n > 1 }}', undefined)]), {
    inputs: { n: 3 },
  });
  run.go();
  expect([...run.performing.keys()]).toEqual(['kind/1/way1']);
  run.succeed('kind/1/way1', 'second');
  expect(run.step('kind')).toMatchObject({ status: 'succeeded', branch: 1, output: 'second' });
});

test('choose takes the else branch when no other holds', () => {
  const run = simulate(workflowOf([choose('${{ false }}', undefined)]));
  run.go();
  expect([...run.performing.keys()]).toEqual(['kind/1/way1']);
});

test('choose without a branch that holds is skipped', () => {
  const run = simulate(workflowOf([choose('${{ false }}')]));
  run.go();
  expect(run.step('kind')).toMatchObject({ status: 'skipped', reason: 'no branch holds' });
  expect(run.state().status).toBe('succeeded');
});

test('a branch without steps is chosen and gives null', () => {
  const run = simulate(workflowOf([stepOf('kind', { kind: 'choose', branches: [{ steps: [] }] })]));
  run.go();
  expect(run.step('kind')).toMatchObject({ status: 'succeeded', output: null });
});

test('a condition that is neither true nor false fails its step', () => {
  const run = simulate(workflowOf([actionOf('a', { if: '${{ inputs.n }}' })]), { inputs: { n: 3 } });
  run.go();
  expect(run.state().failure).toMatchObject({ code: 'invalid_expression', details: { step: 'a' } });
  expect(run.state().failure?.message).toContain('gave 3');
});
