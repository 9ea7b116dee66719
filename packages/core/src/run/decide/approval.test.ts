import { expect, test } from 'vitest';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';

const ask = (more = {}) =>
  stepOf('ask', { kind: 'approval', prompt: 'Push ${{ inputs.n }} files?', default: 'deny', ...more });
const push = actionOf('push', { if: '${{ steps.ask.output.approved }}' });
const inputs = { n: 3 };

test('an approval asks with its prompt, form and deadline, and the run waits', () => {
  const run = simulate(workflowOf([ask({ deadlineMs: 5000, form: { type: 'object' } }), push]), { inputs });
  run.go();
  expect(run.state().status).toBe('waiting');
  expect(run.step('ask').question).toEqual({
    kind: 'approval',
    prompt: 'Push 3 files?',
    form: { type: 'object' },
    deadline: run.moment().now + 5000,
    default: 'deny',
  });
  expect(run.wake()).toBe(5000);
});

test('an approval that is allowed lets the run go on and keeps who said so', () => {
  const run = simulate(workflowOf([ask(), push]), { inputs });
  run.go();
  run.answer('ask', 'allow', { note: 'fine' });
  expect(run.step('ask')).toMatchObject({
    status: 'succeeded',
    output: { approved: true, by: 'ada', data: { note: 'fine' } },
  });
  expect([...run.performing.keys()]).toEqual(['push']);
});

test('an approval that is denied succeeds with `approved` false, so that the text decides what follows', () => {
  const run = simulate(workflowOf([ask(), push]), { inputs });
  run.go();
  run.answer('ask', 'deny');
  expect(run.step('ask').output).toEqual({ approved: false, by: 'ada' });
  expect(run.status('push')).toBe('skipped');
  expect(run.state().status).toBe('succeeded');
});

test.each([
  ['deny', false],
  ['allow', true],
] as const)('after the deadline the default %s holds, in the name of the system', (answer, approved) => {
  const run = simulate(workflowOf([ask({ deadlineMs: 5000, default: answer })]), { inputs });
  run.go();
  run.pass(4999);
  expect(run.status('ask')).toBe('waiting');
  run.pass(1);
  expect(run.step('ask')).toMatchObject({ status: 'succeeded', output: { approved, by: 'system' } });
});

test('an approval without deadline waits for as long as it takes', () => {
  const run = simulate(workflowOf([ask()]), { inputs });
  run.go();
  run.pass(365 * 24 * 3600 * 1000);
  expect(run.status('ask')).toBe('waiting');
  expect(run.commands()).toEqual([]);
});

test('in a plan nobody is asked: what comes after an approval is shown as if it were allowed', () => {
  const run = simulate(workflowOf([ask(), push]), { inputs, mode: 'plan' });
  run.go();
  expect(run.step('ask').output).toEqual({ approved: true, by: 'plan' });
  expect([...run.performing.keys()]).toEqual(['push']);
});

test('an approval whose prompt cannot be evaluated fails', () => {
  const run = simulate(workflowOf([ask({ prompt: '${{ steps.nobody.output }}' })]));
  run.go();
  expect(run.state().failure).toMatchObject({ code: 'invalid_expression', details: { step: 'ask' } });
});
