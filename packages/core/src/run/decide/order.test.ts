import { expect, test } from 'vitest';
import type { Step } from '../../workflow/workflow.ts';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';

test('in a sequence a step starts when the one before it is over', () => {
  const run = simulate(workflowOf([actionOf('a'), actionOf('b')]));
  run.go();
  expect([...run.performing.keys()]).toEqual(['a']);
  run.succeed('a');
  expect([...run.performing.keys()]).toEqual(['b']);
  run.succeed('b');
  expect(run.state().status).toBe('succeeded');
});

test('what follows from a result stands in one decision, to the end of the run', () => {
  const check = stepOf('check', { kind: 'check', conditions: [{ that: '${{ steps.a.output == 1 }}' }] });
  const run = simulate(
    workflowOf([actionOf('a'), check, actionOf('b', { if: '${{ steps.a.output > 1 }}' })]),
  );
  run.go();
  run.succeed('a', 1);
  expect(run.types().slice(3)).toEqual([
    'step.succeeded a',
    'step.started check',
    'step.succeeded check',
    'step.skipped b',
    'run.succeeded',
  ]);
});

test('a step that is handed out has its perform-step command in the same decision, once', () => {
  const run = simulate(workflowOf([actionOf('a', {}, { n: '${{ inputs.n + 1 }}' })]), { inputs: { n: 1 } });
  run.go();
  expect(run.commands()).toEqual([
    {
      type: 'perform-step',
      step: 'a',
      attempt: 1,
      uses: 'sample/a',
      input: { n: 2 },
      timeoutMs: 600_000,
      timeoutIsDefault: true,
      idempotencyKey: 'run_1/a',
    },
  ]);
  run.go();
  expect(run.commands()).toEqual([]);
});

test('a step whose `if` does not hold is skipped with that reason and has no output', () => {
  const run = simulate(
    workflowOf([actionOf('a', { if: '${{ inputs.on }}' }), actionOf('b', {}, { seen: '${{ steps.a }}' })]),
    { inputs: { on: false } },
  );
  run.go();
  expect(run.step('a')).toMatchObject({ status: 'skipped', reason: 'if' });
  expect(run.performing.get('b')?.input).toEqual({
    seen: { status: 'skipped', output: null, failure: null, attempts: 0 },
  });
});

test('an action that skips itself counts as over, with its reason and a null output', () => {
  const run = simulate(workflowOf([actionOf('a'), actionOf('b', {}, { from: '${{ steps.a.output }}' })]));
  run.go();
  run.tell({ type: 'step.skipped', step: 'a', reason: 'tool_missing: ruff is not installed' });
  expect(run.performing.get('b')?.input).toEqual({ from: null });
  run.succeed('b');
  expect(run.state().status).toBe('succeeded');
});

test('[WRK-34] in graph mode a step starts as soon as what it needs or reads is over', () => {
  const steps = [
    actionOf('join', { needs: ['left'] }, { value: '${{ steps.right.output }}' }),
    actionOf('left'),
    actionOf('right'),
    actionOf('alone'),
  ];
  const run = simulate(workflowOf(steps, { mode: 'graph' }));
  run.go();
  expect([...run.performing.keys()]).toEqual(['left', 'right', 'alone']);
  run.succeed('left');
  expect(run.performing.has('join')).toBe(false);
  run.succeed('right', 7);
  expect(run.performing.get('join')?.input).toEqual({ value: 7 });
  run.succeed('join');
  run.succeed('alone');
  expect(run.state().status).toBe('succeeded');
});

test('in graph mode a container waits for what anything inside it reads', () => {
  const inner = actionOf('inner', {}, { value: '${{ steps.first.output }}' });
  const each = stepOf('each', { kind: 'forEach', items: [1], as: 'item', steps: [inner] });
  const run = simulate(workflowOf([each, actionOf('first')], { mode: 'graph' }));
  run.go();
  expect([...run.performing.keys()]).toEqual(['first']);
  run.succeed('first', 3);
  expect(run.performing.get('each/0/inner')?.input).toEqual({ value: 3 });
});

test('in graph mode chains of steps that need nothing from outside settle in one decision', () => {
  const skip = { if: '${{ false }}' };
  const steps = [
    actionOf('c', { needs: ['b'] }),
    actionOf('b', { ...skip, needs: ['a'] }),
    actionOf('a', skip),
  ];
  const run = simulate(workflowOf(steps, { mode: 'graph' }));
  run.go();
  expect(run.types().slice(2)).toEqual(['step.skipped a', 'step.skipped b', 'step.started c']);
});

test('in graph mode a step whose need failed never starts, and what runs beside is cancelled', () => {
  const steps = [actionOf('bad'), actionOf('beside'), actionOf('after', { needs: ['bad'] })];
  const run = simulate(workflowOf(steps, { mode: 'graph' }));
  run.go();
  run.fail('bad');
  expect(run.cancels()).toEqual(['beside']);
  run.cancelled('beside');
  expect(run.step('after')).toMatchObject({ status: 'skipped', reason: 'after_failure' });
  expect(run.state()).toMatchObject({
    status: 'failed',
    failure: { code: 'broken', details: { step: 'bad' } },
  });
});

test('in graph mode steps that wait for each other end the run instead of waiting for ever', () => {
  const steps = [actionOf('a', { needs: ['b'] }), actionOf('b', { needs: ['a'] }), actionOf('c')];
  const run = simulate(workflowOf(steps, { mode: 'graph' }));
  run.go();
  run.succeed('c');
  expect(run.state().failure).toMatchObject({ code: 'invalid_workflow' });
  expect(run.state().failure?.message).toContain("'a', 'b'");
});

test('a failed step skips what comes after it and fails the run with its failure and its path', () => {
  const run = simulate(workflowOf([actionOf('a'), actionOf('b'), actionOf('c')]));
  run.go();
  run.fail('a', 'broken', { hint: 'mend it', details: { line: 3 } });
  expect(run.step('b')).toMatchObject({ status: 'skipped', reason: 'after_failure' });
  expect(run.step('c')).toMatchObject({ status: 'skipped', reason: 'after_failure' });
  expect(run.state().failure).toEqual({
    code: 'broken',
    message: 'a is broken',
    retryable: false,
    hint: 'mend it',
    details: { line: 3, step: 'a' },
  });
});

test('a step that is not built yet fails the run with its name, also where it should continue', () => {
  const step: Step = stepOf(
    'nap',
    { kind: 'unbuilt', key: 'wait', written: {} },
    { onError: { kind: 'continue' } },
  );
  const run = simulate(workflowOf([step, actionOf('b')]));
  run.go();
  expect(run.state().failure).toMatchObject({ code: 'not_built_yet', details: { step: 'nap' } });
  expect(run.state().failure?.message).toContain("'nap' uses 'wait'");
});

test('a workflow without steps succeeds at once', () => {
  const run = simulate(workflowOf([], { outputs: { of: '${{ run.id }}' } }));
  run.go();
  expect(run.state()).toMatchObject({ status: 'succeeded', output: { of: 'run_1' } });
});

test('results taken over from an earlier run are not performed again', () => {
  const run = simulate(
    workflowOf([actionOf('a'), actionOf('b'), actionOf('c', {}, { a: '${{ steps.a.output }}' })]),
    {
      reused: { run: 'run_0', steps: { a: { n: 1 }, b: null } },
    },
  );
  run.go();
  expect([...run.performing.keys()]).toEqual(['c']);
  expect(run.performing.get('c')?.input).toEqual({ a: { n: 1 } });
  expect(run.step('a')).toMatchObject({ status: 'succeeded', reason: 'reused', attempts: 0 });
  expect(run.status('b')).toBe('succeeded');
});
