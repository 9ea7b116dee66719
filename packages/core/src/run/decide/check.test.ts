import { expect, test } from 'vitest';
import type { CheckCondition, StepCommon } from '../../workflow/workflow.ts';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';

const check = (conditions: CheckCondition[], more: Partial<StepCommon> = {}) =>
  stepOf('ready', { kind: 'check', conditions }, more);

test('a check that holds keeps the evidence as its output', () => {
  const run = simulate(workflowOf([check([{ that: '${{ 1 < 2 }}', message: 'never said' }])]));
  run.go();
  expect(run.step('ready')).toMatchObject({
    status: 'succeeded',
    output: { evidence: [{ that: '${{ 1 < 2 }}', holds: true, message: null }] },
  });
});

test('a check that does not hold fails with what does not, and with the whole evidence', () => {
  const conditions = [
    { that: '${{ false }}', message: 'there were ${{ inputs.n }} of them' },
    { that: '${{ true }}' },
    { that: '${{ inputs.n == 2 }}' },
  ];
  const run = simulate(workflowOf([check(conditions)]), { inputs: { n: 3 } });
  run.go();
  expect(run.state().failure).toMatchObject({
    code: 'check_failed',
    message: 'there were 3 of them; ${{ inputs.n == 2 }} does not hold',
    details: {
      step: 'ready',
      evidence: [
        { that: '${{ false }}', holds: false, message: 'there were 3 of them' },
        { that: '${{ true }}', holds: true, message: null },
        { that: '${{ inputs.n == 2 }}', holds: false, message: null },
      ],
    },
  });
});

test('a check of nothing is unverified, which does not pass', () => {
  const run = simulate(workflowOf([check([])]));
  run.go();
  expect(run.state().failure).toMatchObject({ code: 'unverified', details: { step: 'ready' } });
});

test('a check that says `continue` is noted as failed and later steps can ask for it', () => {
  const steps = [
    check([{ that: '${{ false }}' }], { onError: { kind: 'continue' } }),
    actionOf('commit', { if: "${{ steps.ready.status != 'failed' }}" }),
  ];
  const run = simulate(workflowOf(steps));
  run.go();
  expect(run.status('ready')).toBe('failed');
  expect(run.status('commit')).toBe('skipped');
  expect(run.state().status).toBe('succeeded');
});

test('a condition that cannot be evaluated fails the check with the reason', () => {
  const run = simulate(workflowOf([check([{ that: '${{ inputs.missing.deep }}' }])]));
  run.go();
  expect(run.state().failure).toMatchObject({ code: 'invalid_expression', details: { step: 'ready' } });
});
