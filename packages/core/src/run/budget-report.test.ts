import { expect, test } from 'vitest';
import { budgetReport } from './budget-report.ts';
import { simulate } from './testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from './testing/workflow-of.ts';

function reportOf(run: ReturnType<typeof simulate>) {
  return budgetReport(run.workflow, run.events, run.moment().now);
}

test('[WRK-39] each limit is told with what was planned and used, by how much it was exceeded and at which step', () => {
  const retry = { attempts: 2, delayMs: 0, backoff: 1, maxDelayMs: 0, jitter: 'none' as const };
  const run = simulate(
    workflowOf([actionOf('a', { retry, budget: { tokens: 500 } }), actionOf('b')], {
      budget: { wallMs: 60_000, tokens: 100, money: { amount: '2', currency: 'USD' } },
    }),
  );
  run.go();
  run.spend('a', { tokens: 10 });
  run.tell({
    type: 'step.failed',
    step: 'a',
    failure: { code: 'busy', message: 'busy', retryable: true },
    usage: { tokens: 40 },
  });
  run.pass(0);
  run.succeed('a', null, { tokens: 30, money: { USD: '0.5' } });
  run.pass(1_000);
  run.succeed('b', null, { tokens: 50, cpuMs: 20, measuredBy: 'processes' });
  expect(reportOf(run)).toEqual({
    limits: [
      { scope: '', limit: 'wall', planned: 60_000, used: 1_000 },
      { scope: '', limit: 'tokens', planned: 100, used: 120, over: 20, at: 'b' },
      { scope: '', limit: 'money', planned: '2 USD', used: '0.5 USD' },
      { scope: 'a', limit: 'tokens', planned: 500, used: 70 },
    ],
    totals: [
      {
        worker: 'sample',
        action: 'a',
        attempts: 2,
        durationMs: 0,
        usage: { tokens: 70, money: { USD: '0.5' } },
      },
      {
        worker: 'sample',
        action: 'b',
        attempts: 1,
        durationMs: 1_000,
        usage: { tokens: 50, cpuMs: 20, measuredBy: 'processes' },
      },
    ],
    used: { tokens: 120, cpuMs: 20, money: { USD: '0.5' } },
    measuredBy: 'processes',
  });
});

test('what `finally` used counts for the run as a whole, and not against its budget', () => {
  const run = simulate(workflowOf([actionOf('a')], { budget: { tokens: 10 }, finally: [actionOf('last')] }));
  run.go();
  run.succeed('a', null, { tokens: 5 });
  run.succeed('~finally/last', null, { tokens: 50 });
  const { limits, used } = reportOf(run);
  expect(limits).toEqual([{ scope: '', limit: 'tokens', planned: 10, used: 5 }]);
  expect(used).toEqual({ tokens: 55 });
});

test('what runs inside used is told by workflow', () => {
  const run = simulate(
    workflowOf([stepOf('inner', { kind: 'workflow', workflow: 'other', with: {} })], {
      budget: { tokens: 10 },
    }),
  );
  run.go();
  run.succeed('inner', null, { tokens: 5 });
  expect(reportOf(run).totals).toEqual([
    { workflow: 'other', attempts: 1, durationMs: 0, usage: { tokens: 5 } },
  ]);
});

test('[WRK-126] an answer that was kept costs no action, and is counted as one nowhere', () => {
  const run = simulate(
    workflowOf([actionOf('a', { budget: { actions: 2 } }), actionOf('b')], { budget: { actions: 5 } }),
  );
  run.go();
  const kept = { output: null, cached: true, cachedFrom: 'run_before', unused: { actions: 1 } } as const;
  run.tell({ type: 'step.succeeded', step: 'a', ...kept });
  // That of the step which has begun since.
  expect(run.state().used).toEqual({ actions: 1 });
  run.succeed('b', null);
  const { limits, totals, used } = reportOf(run);
  expect(limits.map(({ scope, used: of }) => [scope, of])).toEqual([
    ['', 1],
    ['a', 0],
  ]);
  expect(totals.map(({ action, usage }) => [action, usage])).toEqual([
    ['a', {}],
    ['b', { actions: 1 }],
  ]);
  expect(used).toEqual({ actions: 1 });
});

test('an answer that may have been kept needs an action that is left, since nobody knows before', () => {
  const run = simulate(workflowOf([actionOf('a'), actionOf('b')], { budget: { actions: 1 } }));
  run.go();
  run.succeed('a', null);
  expect(run.state().failure).toMatchObject({ code: 'budget_exceeded', details: { at: 'b', used: 1 } });
});
