import { failure } from '@cadre/sdk';
import { describe, expect, test } from 'vitest';
import type { OnError } from '../../workflow/workflow.ts';
import { simulate } from '../testing/simulation.ts';
import { actionOf, workflowOf } from '../testing/workflow-of.ts';
import { routeFor } from './route.ts';

const onError: OnError = {
  kind: 'routes',
  routes: [
    // biome-ignore lint/suspicious/noThenProperty: it is a key of the workflow language.
    { on: ['rate_limited', 'http_5*'], route: { kind: 'recover', steps: [actionOf('mend')], then: 'retry' } },
    { severity: 'high', route: { kind: 'escalate', to: ['ann'], deadlineMs: 1000, default: 'continue' } },
    { on: ['*_found'], route: { kind: 'continue' } },
  ],
};

describe('[WRK-33] routes differ by code and by severity', () => {
  test.each([
    ['http_503', undefined, 'recover'],
    ['rate_limited', 'critical', 'recover'],
    ['broken', 'critical', 'escalate'],
    ['broken', 'medium', 'abort'],
    ['not_found', undefined, 'continue'],
    ['found', undefined, 'abort'],
    ['http', undefined, 'abort'],
  ])('%s of severity %s: %s', (code, severity, kind) => {
    const failed = failure(code, code, severity === undefined ? {} : { details: { severity } });
    expect(routeFor(onError, failed).kind).toBe(kind);
  });
});

test('[WRK-33] a question to a higher place names who may answer, and its default holds after the deadline', () => {
  const run = simulate(workflowOf([actionOf('scan', { onError }), actionOf('after')]));
  run.go();
  run.fail('scan', 'leak', { details: { severity: 'high' } });
  expect(run.step('scan').question).toMatchObject({
    kind: 'escalated',
    delegates: ['ann'],
    default: 'continue',
  });
  run.pass(1000);
  expect(run.status('scan')).toBe('failed');
  expect([...run.performing.keys()]).toEqual(['after']);
});

test('the recovery of a route mends only what that route is for', () => {
  const run = simulate(workflowOf([actionOf('scan', { onError }), actionOf('after')]));
  run.go();
  run.fail('scan', 'http_502');
  run.succeed('scan/~recover/mend');
  run.fail('scan', 'not_found');
  expect([...run.performing.keys()]).toEqual(['after']);
});

test('a person may say that it goes on without the step', () => {
  const run = simulate(workflowOf([actionOf('scan', { onError: { kind: 'escalate' } }), actionOf('after')]));
  run.go();
  run.fail('scan');
  run.answer('scan', 'continue');
  expect([...run.performing.keys()]).toEqual(['after']);
});
