import { expect, test } from 'vitest';
import { pendingAttempts } from '../resume.ts';
import { simulate } from '../testing/simulation.ts';
import { actionOf, NO_RETRY, stepOf, workflowOf } from '../testing/workflow-of.ts';

const safe = () => true;

test('an interrupted attempt whose action may be repeated is made again', () => {
  const run = simulate(workflowOf([actionOf('a')]));
  run.go();
  expect(pendingAttempts(run.state())).toEqual(['a']);
  run.crash((uses) => uses === 'sample/a');
  expect(run.step('a')).toMatchObject({ status: 'running', attempts: 2, deaths: 1 });
  expect(run.performing.get('a')?.attempt).toBe(2);
});

test('an attempt that was interrupted does not use up a retry', () => {
  const retry = { ...NO_RETRY, attempts: 2, delayMs: 0 };
  const run = simulate(workflowOf([actionOf('a', { retry })]));
  run.go();
  run.crash(safe);
  run.crash(safe);
  run.fail('a', 'busy', { retryable: true });
  expect(run.status('a')).toBe('running');
  run.fail('a', 'busy', { retryable: true });
  expect(run.state().status).toBe('failed');
});

test('an interrupted attempt that may not be repeated waits for a person with the reason', () => {
  const run = simulate(workflowOf([actionOf('a'), actionOf('b')]));
  run.go();
  run.crash();
  expect(run.state().status).toBe('waiting');
  expect(run.step('a').question).toMatchObject({
    kind: 'interrupted',
    failure: { code: 'interrupted', details: { step: 'a', attempt: 1 } },
  });
  run.answer('a', 'retry');
  expect(run.performing.get('a')?.attempt).toBe(2);
});

test('an interrupted attempt that a person aborts fails the run, also where the step says `continue`', () => {
  const run = simulate(workflowOf([actionOf('a', { onError: { kind: 'continue' } }), actionOf('b')]));
  run.go();
  run.crash();
  run.answer('a', 'abort');
  expect(run.status('b')).toBe('skipped');
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'interrupted' } });
});

test('a retry policy that names `interrupted` has the attempt made again', () => {
  const run = simulate(workflowOf([actionOf('a', { retry: { ...NO_RETRY, on: ['interrupted'] } })]));
  run.go();
  run.crash();
  expect(run.performing.get('a')?.attempt).toBe(2);
});

test('a step whose process died three times is quarantined with the evidence', () => {
  const run = simulate(workflowOf([actionOf('a')]));
  run.go();
  run.crash(safe);
  run.crash(safe);
  run.crash(safe);
  expect(run.step('a').question).toMatchObject({
    kind: 'quarantined',
    failure: { code: 'quarantined', details: { step: 'a', attempts: 3, deaths: 3 } },
  });
  run.answer('a', 'retry');
  expect(run.status('a')).toBe('running');
  run.crash(safe);
  expect(run.step('a').question).toMatchObject({ kind: 'quarantined', failure: { details: { deaths: 4 } } });
});

test('[WRK-12] a step that killed its worker three times is quarantined, however often it may be tried again', () => {
  const retry = { ...NO_RETRY, attempts: 9, delayMs: 0 };
  const run = simulate(workflowOf([actionOf('a', { retry, onError: { kind: 'continue' } }), actionOf('b')]));
  run.go();
  for (let kill = 0; kill < 3; kill += 1) {
    expect(run.status('a')).toBe('running');
    run.fail('a', 'worker_died', { retryable: true });
  }
  expect(run.state().status).toBe('waiting');
  expect(run.step('a').question).toMatchObject({
    kind: 'quarantined',
    failure: {
      code: 'quarantined',
      message: expect.stringMatching(
        /^'a' is quarantined: its worker died in 3 of 3 attempts; the last time ./,
      ),
      details: { step: 'a', attempts: 3, deaths: 3 },
      cause: { code: 'worker_died' },
    },
  });
  run.answer('a', 'retry');
  expect(run.performing.get('a')?.attempt).toBe(4);
  run.fail('a', 'busy', { retryable: true });
  expect(run.performing.get('a')?.attempt).toBe(5);
  run.fail('a', 'worker_died', { retryable: true });
  expect(run.step('a').question).toMatchObject({ kind: 'quarantined', failure: { details: { deaths: 4 } } });
  run.answer('a', 'abort');
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'quarantined' } });
});

test('[WRK-12] deaths of the worker and of the process that called it count together; two are not enough', () => {
  const retry = { ...NO_RETRY, attempts: 2, delayMs: 0 };
  const run = simulate(workflowOf([actionOf('a', { retry }), actionOf('b', { retry })]));
  run.go();
  run.crash(safe);
  run.fail('a', 'worker_died', { retryable: true });
  run.fail('a', 'worker_died', { retryable: true });
  expect(run.step('a').question).toMatchObject({ kind: 'quarantined', failure: { details: { deaths: 3 } } });
  run.answer('a', 'retry');
  run.succeed('a');
  run.fail('b', 'worker_died', { retryable: true });
  run.fail('b', 'worker_died', { retryable: true });
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'worker_died' } });
});

test('no step whose result was appended is performed again after a crash', () => {
  const both = stepOf('both', { kind: 'parallel', branches: [actionOf('left'), actionOf('right')] });
  const run = simulate(workflowOf([both]));
  run.go();
  run.succeed('both/left');
  run.crash(safe);
  expect([...run.performing.keys()]).toEqual(['both/right']);
});

test('an attempt that was to be cancelled when its process died is cancelled and not made again', () => {
  const run = simulate(workflowOf([actionOf('a')]));
  run.go();
  run.cancel();
  run.crash(safe);
  expect(run.status('a')).toBe('cancelled');
  expect(run.state().status).toBe('cancelled');
});

test('an attempt in a failing container is not made again after a crash', () => {
  const both = stepOf('both', { kind: 'parallel', branches: [actionOf('left'), actionOf('right')] });
  const run = simulate(workflowOf([both]));
  run.go();
  run.fail('both/left');
  run.crash(safe);
  expect(run.status('both/right')).toBe('cancelled');
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'broken' } });
});

test('after a crash the wake for a retry is given again', () => {
  const run = simulate(workflowOf([actionOf('a', { retry: { ...NO_RETRY, attempts: 2 } })]));
  run.go();
  run.fail('a', 'busy', { retryable: true });
  run.crash(safe);
  expect(run.wake()).toBe(1000);
  run.pass(1000);
  expect(run.step('a')).toMatchObject({ status: 'running', attempts: 2, deaths: 0 });
});
