import { expect, test } from 'vitest';
import type { Retry } from '../../workflow/workflow.ts';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';
import { retryDelay } from './retry.ts';

const THREE: Retry = { attempts: 3, delayMs: 1000, backoff: 2, maxDelayMs: 60_000, jitter: 'none' };
const one = (retry: Partial<Retry> = {}) => workflowOf([actionOf('a', { retry: { ...THREE, ...retry } })]);
const busy = { retryable: true };

test('[WRK-32] a retryable failure is tried again when its delay is over, with the same idempotency key', () => {
  const run = simulate(one());
  run.go();
  run.fail('a', 'busy', busy);
  expect(run.status('a')).toBe('retrying');
  expect(run.wake()).toBe(1000);
  run.pass(999);
  expect(run.status('a')).toBe('retrying');
  run.pass(1);
  expect(run.step('a')).toMatchObject({ status: 'running', attempts: 2 });
  run.fail('a', 'busy', busy);
  expect(run.wake()).toBe(2000);
  run.pass(2000);
  run.succeed('a', 'at last');
  expect(run.state().status).toBe('succeeded');
  expect(run.performed.map((command) => command.attempt)).toEqual([1, 2, 3]);
  expect(new Set(run.performed.map((command) => command.idempotencyKey))).toEqual(new Set(['run_1/a']));
});

test('after the last attempt the failure stands', () => {
  const run = simulate(one({ attempts: 2 }));
  run.go();
  run.fail('a', 'busy', busy);
  run.pass(1000);
  run.fail('a', 'busier', busy);
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'busier' } });
});

test('a failure that is not retryable is retried only when its code is named', () => {
  const unnamed = simulate(one());
  unnamed.go();
  unnamed.fail('a', 'broken');
  expect(unnamed.state().status).toBe('failed');
  const named = simulate(one({ on: ['broken'] }));
  named.go();
  named.fail('a', 'broken');
  expect(named.status('a')).toBe('retrying');
});

test('a time limit is retried only when `timed_out` is named', () => {
  const unnamed = simulate(one());
  unnamed.go();
  unnamed.timeOut('a');
  expect(unnamed.step('a').status).toBe('timed_out');
  expect(unnamed.state()).toMatchObject({ status: 'failed', failure: { code: 'timed_out' } });
  const named = simulate(one({ on: ['timed_out'] }));
  named.go();
  named.timeOut('a');
  expect(named.status('a')).toBe('retrying');
});

test('a step without `retry` follows the workflow', () => {
  const run = simulate(workflowOf([actionOf('a')], { defaults: { timeoutMs: 1, retry: THREE } }));
  run.go();
  run.fail('a', 'busy', busy);
  expect(run.status('a')).toBe('retrying');
});

test('a retry without delay starts in the same decision', () => {
  const run = simulate(one({ delayMs: 0 }));
  run.go();
  expect(run.fail('a', 'busy', busy).map((event) => event.type)).toEqual(['step.retrying', 'step.started']);
});

test('the retry policy of the workflow is for actions: checks and containers are retried only by their own', () => {
  const failing = (more = {}) =>
    stepOf('check', { kind: 'check', conditions: [{ that: '${{ false }}' }] }, more);
  const defaults = { timeoutMs: 1, retry: { ...THREE, on: ['check_failed'] } };
  const run = simulate(workflowOf([failing()], { defaults }));
  run.go();
  expect(run.step('check')).toMatchObject({ status: 'failed', attempts: 1 });
  const own = simulate(workflowOf([failing({ retry: { ...THREE, on: ['check_failed'] } })]));
  own.go();
  expect(own.wake()).toBe(1000);
  own.pass(1000);
  own.pass(2000);
  expect(own.step('check')).toMatchObject({ status: 'failed', attempts: 3 });
});

test('a container with a retry policy of its own is opened again', () => {
  const branches = [actionOf('left'), actionOf('right')];
  const both = stepOf('both', { kind: 'parallel', branches }, { retry: { ...THREE, attempts: 2 } });
  const run = simulate(workflowOf([both]));
  run.go();
  run.succeed('both/left');
  run.fail('both/right', 'busy', busy);
  expect(run.step('both')).toMatchObject({ status: 'retrying', attempts: 1 });
  run.pass(1000);
  expect([...run.performing.keys()]).toEqual(['both/left', 'both/right']);
  run.succeed('both/left');
  run.fail('both/right', 'busy', busy);
  expect(run.step('both')).toMatchObject({ status: 'failed', attempts: 2 });
});

test('an input that cannot be evaluated fails the step, and naming that code does not retry for ever', () => {
  const run = simulate(
    workflowOf([
      actionOf(
        'a',
        { retry: { ...THREE, delayMs: 0, on: ['invalid_expression'] } },
        { x: '${{ inputs.no }}' },
      ),
    ]),
  );
  run.go();
  expect(run.step('a').attempts).toBe(3);
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'invalid_expression' } });
});

test('in a sequence nothing else starts while a step waits for its next attempt', () => {
  const run = simulate(workflowOf([actionOf('a', { retry: THREE }), actionOf('b')]));
  run.go();
  run.fail('a', 'busy', busy);
  expect(run.status('b')).toBe('pending');
  expect(run.state().status).toBe('running');
});

test('delays double up to the limit, and full jitter takes a part of them', () => {
  expect([1, 2, 3, 7].map((failed) => retryDelay(THREE, failed, 0.5))).toEqual([1000, 2000, 4000, 60_000]);
  expect([0, 0.25, 0.999].map((random) => retryDelay({ ...THREE, jitter: 'full' }, 2, random))).toEqual([
    0, 500, 1998,
  ]);
});

test('there is one wake, for what is due first', () => {
  const branches = ['a', 'b'].map((id, index) =>
    actionOf(id, { retry: { ...THREE, delayMs: 3000 - index * 1000 } }),
  );
  const run = simulate(workflowOf([stepOf('both', { kind: 'parallel', branches })]));
  run.go();
  run.fail('both/a', 'busy', busy);
  run.fail('both/b', 'busy', busy);
  expect(run.commands()).toEqual([{ type: 'wake', at: run.moment().now + 2000 }]);
});
