import { expect, test } from 'vitest';
import type { Step } from '../../workflow/workflow.ts';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';

const recover = (then: 'retry' | 'continue', ...steps: Step[]) =>
  ({ onError: { kind: 'recover', steps, then } }) as const;

test('[WRK-33] `continue` notes the failure and goes on; later steps may ask for it', () => {
  const steps = [
    actionOf('a', { onError: { kind: 'continue' } }),
    actionOf('b', { if: "${{ steps.a.status == 'failed' }}" }, { why: '${{ steps.a.failure.message }}' }),
  ];
  const run = simulate(workflowOf(steps));
  run.go();
  run.fail('a');
  expect(run.performing.get('b')?.input).toEqual({ why: 'a is broken' });
  run.succeed('b');
  expect(run.state().status).toBe('succeeded');
});

test('[WRK-33] `recover` with `retry` performs the recovery, and then the step once more', () => {
  const run = simulate(
    workflowOf([actionOf('push', recover('retry', actionOf('rebase'))), actionOf('after')]),
  );
  run.go();
  run.fail('push', 'rejected');
  expect([...run.performing.keys()]).toEqual(['push/~recover/rebase']);
  expect(run.status('push')).toBe('failed');
  run.succeed('push/~recover/rebase');
  expect(run.performing.get('push')?.attempt).toBe(2);
  run.succeed('push', 'pushed');
  expect(run.step('push')).toMatchObject({ status: 'succeeded', output: 'pushed', attempts: 2 });
  expect([...run.performing.keys()]).toEqual(['after']);
});

test('a step that fails again after its recovery has failed: the recovery is not repeated', () => {
  const run = simulate(workflowOf([actionOf('push', recover('retry', actionOf('rebase')))]));
  run.go();
  run.fail('push', 'rejected');
  run.succeed('push/~recover/rebase');
  run.fail('push', 'rejected_again');
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'rejected_again' } });
  expect(run.performed).toHaveLength(3);
});

test('[WRK-33] after `recover` with `continue` the step stays failed, its output is that of the recovery', () => {
  const steps = [
    actionOf('fetch', recover('continue', actionOf('cached'))),
    actionOf('use', {}, { data: '${{ steps.fetch.output }}', status: '${{ steps.fetch.status }}' }),
  ];
  const run = simulate(workflowOf(steps));
  run.go();
  run.fail('fetch');
  run.succeed('fetch/~recover/cached', { from: 'cache' });
  expect(run.performing.get('use')?.input).toEqual({ data: { from: 'cache' }, status: 'failed' });
  run.succeed('use');
  expect(run.state().status).toBe('succeeded');
});

test('a recovery sees the failure that it is to recover from', () => {
  const mend = actionOf('mend', {}, { code: '${{ failure.code }}' });
  const run = simulate(workflowOf([actionOf('a', recover('continue', mend))]));
  run.go();
  run.fail('a');
  expect(run.performing.get('a/~recover/mend')?.input).toEqual({ code: 'broken' });
});

test('a failure inside a recovery fails the run with what the step had failed with', () => {
  const run = simulate(
    workflowOf([actionOf('a', recover('continue', actionOf('mend'), actionOf('more'))), actionOf('b')]),
  );
  run.go();
  run.fail('a');
  run.fail('a/~recover/mend', 'worse');
  expect(run.status('a/~recover/more')).toBe('skipped');
  expect(run.state()).toMatchObject({
    status: 'failed',
    failure: { code: 'broken', details: { step: 'a' } },
  });
});

test('retries come before the recovery', () => {
  const retry = { attempts: 2, delayMs: 0, backoff: 1, maxDelayMs: 0, jitter: 'none' as const };
  const run = simulate(workflowOf([actionOf('a', { retry, ...recover('continue', actionOf('mend')) })]));
  run.go();
  run.fail('a', 'busy', { retryable: true });
  expect(run.status('a/~recover/mend')).toBe('pending');
  run.fail('a', 'busy', { retryable: true });
  expect(run.status('a/~recover/mend')).toBe('running');
});

test('a recovery without steps changes nothing, so it is not gone round for ever', () => {
  const check = stepOf('check', { kind: 'check', conditions: [{ that: '${{ false }}' }] }, recover('retry'));
  const run = simulate(workflowOf([check]));
  run.go();
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'check_failed' } });
  expect(run.step('check').attempts).toBe(2);
});

test('a check is evaluated again after its recovery', () => {
  const conditions = [{ that: "${{ steps.mend.status == 'succeeded' }}" }];
  const check = stepOf('check', { kind: 'check', conditions }, recover('retry', actionOf('mend')));
  const run = simulate(workflowOf([check]));
  run.go();
  run.succeed('check/~recover/mend');
  expect(run.status('check')).toBe('succeeded');
  expect(run.state().status).toBe('succeeded');
});

test('in a container the others wait for a recovery in one of them', () => {
  const branches = [actionOf('left', recover('continue', actionOf('mend'))), actionOf('right')];
  const run = simulate(workflowOf([stepOf('both', { kind: 'parallel', branches }), actionOf('after')]));
  run.go();
  run.fail('both/left');
  run.succeed('both/right', 2);
  expect(run.status('both')).toBe('running');
  run.succeed('both/left/~recover/mend', 1);
  expect(run.step('both').output).toEqual({ left: 1, right: 2 });
  expect([...run.performing.keys()]).toEqual(['after']);
});

test('in graph mode what needs a step waits for its recovery', () => {
  const steps = [actionOf('a', recover('retry', actionOf('mend'))), actionOf('b', { needs: ['a'] })];
  const run = simulate(workflowOf(steps, { mode: 'graph' }));
  run.go();
  run.fail('a');
  expect(run.status('b')).toBe('pending');
  run.succeed('a/~recover/mend');
  run.succeed('a');
  expect([...run.performing.keys()]).toEqual(['b']);
});

test('a container is opened again after its recovery', () => {
  const both = stepOf(
    'both',
    { kind: 'parallel', branches: [actionOf('left'), actionOf('right')] },
    recover('retry', actionOf('mend')),
  );
  const run = simulate(workflowOf([both]));
  run.go();
  run.succeed('both/left', 1);
  run.fail('both/right');
  expect(run.status('both')).toBe('failed');
  run.succeed('both/~recover/mend');
  expect([...run.performing.keys()]).toEqual(['both/left', 'both/right']);
  run.succeed('both/left', 11);
  run.succeed('both/right', 12);
  expect(run.step('both').output).toEqual({ left: 11, right: 12 });
  expect(run.state().status).toBe('succeeded');
});

test('when the container of a recovery fails the recovery is cancelled', () => {
  const branches = [actionOf('left', recover('retry', actionOf('mend'))), actionOf('right')];
  const run = simulate(workflowOf([stepOf('both', { kind: 'parallel', branches })]));
  run.go();
  run.fail('both/left');
  run.fail('both/right', 'worse');
  expect(run.cancels()).toEqual(['both/left/~recover/mend']);
  run.cancelled('both/left/~recover/mend');
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'worse' } });
});

test('[WRK-33] `escalate` asks a person, who may have it tried again', () => {
  const run = simulate(workflowOf([actionOf('a', { onError: { kind: 'escalate' } })]));
  run.go();
  run.fail('a');
  expect(run.state().status).toBe('waiting');
  expect(run.step('a').question).toMatchObject({ kind: 'escalated', failure: { code: 'broken' } });
  run.answer('a', 'retry');
  expect(run.performing.get('a')?.attempt).toBe(2);
  run.fail('a');
  expect(run.status('a')).toBe('waiting');
  run.answer('a', 'retry');
  run.succeed('a');
  expect(run.state().status).toBe('succeeded');
});

test('[WRK-33] `escalate` that is answered with abort fails the run with the failure', () => {
  const run = simulate(workflowOf([actionOf('a', { onError: { kind: 'escalate' } }), actionOf('b')]));
  run.go();
  run.fail('a');
  run.answer('a', 'abort');
  expect(run.status('b')).toBe('skipped');
  expect(run.state()).toMatchObject({
    status: 'failed',
    failure: { code: 'broken', details: { step: 'a' } },
  });
});

test('a container that escalates is opened again when a person says so', () => {
  const each = stepOf(
    'each',
    { kind: 'forEach', items: [1, 2], as: 'item', steps: [actionOf('work')] },
    { onError: { kind: 'escalate' } },
  );
  const run = simulate(workflowOf([each]));
  run.go();
  run.fail('each/0/work');
  run.cancelled('each/1/work');
  expect(run.status('each')).toBe('waiting');
  run.answer('each', 'retry');
  expect([...run.performing.keys()]).toEqual(['each/0/work', 'each/1/work']);
});

test('in a plan nobody is asked whether to try again', () => {
  const run = simulate(workflowOf([actionOf('a', { onError: { kind: 'escalate' } })]), { mode: 'plan' });
  run.go();
  run.fail('a');
  expect(run.state().status).toBe('failed');
});

test('an attempt that was cancelled on its own counts as a failure', () => {
  const run = simulate(workflowOf([actionOf('a'), actionOf('b')]));
  run.go();
  run.cancelled('a');
  expect(run.state()).toMatchObject({
    status: 'failed',
    failure: { code: 'cancelled', details: { step: 'a' } },
  });
});
