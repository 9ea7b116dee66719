import { CadreError, type Step, type Workflow } from '@cadre/core';
import { retryTimes, sampleStep, sampleWorkflow } from '../../../testing/sample-workflow.ts';

const act = (id: string, uses = 'sim/act', more: Parameters<typeof sampleStep>[2] = {}): Step =>
  sampleStep(id, { kind: 'action', uses, with: {} }, more);

/** Small enough to be gone through many times; together every kind of step and every way to go on after a failure. */
export const SIMULATED: Readonly<Record<string, Workflow>> = Object.fromEntries(
  [
    sampleWorkflow(
      [
        act('first'),
        sampleStep('many', {
          kind: 'parallel',
          branches: [
            act('left', 'sim/act', { shard: 'one' }),
            act('right', 'sim/flaky', { shard: 'other', retry: retryTimes(3, 2_000) }),
            act('long', 'sim/long', { shard: 'one' }),
          ],
        }),
        act('once', 'sim/once', { onError: { kind: 'continue' } }),
      ],
      { name: 'wide', finally: [act('clean')] },
    ),
    sampleWorkflow(
      [
        sampleStep('each', {
          kind: 'forEach',
          items: [1, 2, 3, 4],
          as: 'item',
          atMost: 2,
          steps: [
            act('lint', 'sim/flaky', { onError: { kind: 'continue' }, retry: retryTimes(2, 500) }),
            act('note', 'sim/act', { shard: '${{ item % 2 }}' }),
          ],
        }),
        sampleStep('polls', {
          kind: 'repeat',
          until: '${{ iteration >= 3 }}',
          max: 5,
          everyMs: 1_000,
          steps: [act('poll')],
        }),
      ],
      { name: 'loops' },
    ),
    sampleWorkflow(
      [
        sampleStep('ask', { kind: 'approval', prompt: 'Go on?', deadlineMs: 20_000, default: 'allow' }),
        sampleStep(
          'told',
          { kind: 'wait', event: 'told.*', deadlineMs: 30_000 },
          { onError: { kind: 'continue' } },
        ),
        sampleStep('rest', { kind: 'wait', forMs: 5_000 }),
        act('risky', 'sim/flaky', {
          // biome-ignore lint/suspicious/noThenProperty: a word of the workflow language
          onError: { kind: 'recover', steps: [act('mend')], then: 'retry' },
        }),
        act('asks', 'sim/flaky', { onError: { kind: 'escalate' } }),
      ],
      { name: 'people' },
    ),
    sampleWorkflow(
      [
        act('book', 'sim/act', { compensate: [act('unbook')] }),
        sampleStep('inner', { kind: 'workflow', workflow: 'wide', with: {} }, { timeoutMs: 60_000 }),
        act('slow', 'sim/long', { timeoutMs: 3_000 }),
      ],
      { name: 'nests', onFailure: [act('tell')] },
    ),
    sampleWorkflow(
      [
        act('deploys', 'sim/long'),
        sampleStep('sure', { kind: 'check', conditions: [{ that: '${{ true }}' }] }),
      ],
      {
        name: 'line',
        concurrency: { group: 'one after another', onConflict: 'queue' },
        budget: { wallMs: 120_000 },
      },
    ),
  ].map((workflow) => [workflow.name, workflow]),
);

export function simulatedWorkflow(name: string) {
  const workflow = SIMULATED[name];
  if (workflow === undefined) throw new CadreError('workflow_not_found', `there is no workflow ${name}`);
  return workflow;
}
