import { expect, test } from 'vitest';
import { runReport } from './report.ts';
import { simulate } from './testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from './testing/workflow-of.ts';

test('the report lists steps in the order of the text, whatever ran first, with what is inside of what was opened', () => {
  const workflow = workflowOf(
    [
      actionOf('late', { needs: ['each'], name: 'Comes last' }),
      stepOf('each', { kind: 'forEach', items: ['x', 'y'], as: 'item', steps: [actionOf('work')] }),
      stepOf('kind', {
        kind: 'choose',
        branches: [{ if: '${{ false }}', steps: [actionOf('no')] }, { steps: [actionOf('yes')] }],
      }),
      stepOf(
        'both',
        { kind: 'parallel', branches: [actionOf('left'), actionOf('right')] },
        { needs: ['late'] },
      ),
    ],
    { mode: 'graph', finally: [actionOf('last')] },
  );
  const run = simulate(workflow);
  run.go();
  expect(runReport(workflow, run.state()).map(({ step, depth, status }) => [step, depth, status])).toEqual([
    ['late', 0, 'pending'],
    ['each', 0, 'running'],
    ['each/0/work', 1, 'running'],
    ['each/1/work', 1, 'running'],
    ['kind', 0, 'running'],
    ['kind/1/yes', 1, 'running'],
    ['both', 0, 'pending'],
  ]);
  expect(runReport(workflow, run.state())[0]).toEqual({
    step: 'late',
    id: 'late',
    name: 'Comes last',
    kind: 'action',
    uses: 'sample/late',
    depth: 0,
    status: 'pending',
    attempts: 0,
  });
});

test('a step is reported with its duration, attempts, reason, failure and output', () => {
  const retry = { attempts: 2, delayMs: 1000, backoff: 1, maxDelayMs: 1000, jitter: 'none' as const };
  const workflow = workflowOf(
    [actionOf('a', { retry }), actionOf('b', { if: '${{ false }}' }), actionOf('c')],
    { onFailure: [actionOf('tell')] },
  );
  const run = simulate(workflow);
  run.go();
  run.fail('a', 'busy', { retryable: true });
  run.pass(1000);
  run.pass(500);
  run.succeed('a', { n: 1 });
  run.fail('c', 'broken');
  const report = runReport(workflow, run.state());
  expect(report[0]).toMatchObject({
    step: 'a',
    status: 'succeeded',
    attempts: 2,
    durationMs: 1500,
    output: { n: 1 },
  });
  expect(report[1]).toMatchObject({ step: 'b', status: 'skipped', reason: 'if' });
  expect(report[1]?.durationMs).toBeUndefined();
  expect(report[2]).toMatchObject({ step: 'c', status: 'failed', failure: { code: 'broken' } });
  expect(report[3]).toMatchObject({ step: '~onFailure/tell', status: 'running' });
});

test('a recovery is reported below the step that it recovers', () => {
  // biome-ignore lint/suspicious/noThenProperty: it is a key of the workflow language.
  const onError = { kind: 'recover', steps: [actionOf('mend')], then: 'continue' } as const;
  const workflow = workflowOf([actionOf('a', { onError }), actionOf('b')]);
  const run = simulate(workflow);
  run.go();
  run.fail('a');
  expect(runReport(workflow, run.state()).map(({ step, depth }) => [step, depth])).toEqual([
    ['a', 0],
    ['a/~recover/mend', 1],
    ['b', 0],
  ]);
});
