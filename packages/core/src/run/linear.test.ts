import { expect, test } from 'vitest';
import type { Step, Workflow } from '../workflow/workflow.ts';
import { simulate } from './testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from './testing/workflow-of.ts';

/** How many steps all decisions of a run look at together, when every attempt whose path `fails` names fails once. */
function visits(workflow: Workflow, fails: (path: string) => boolean = () => false): number {
  let visited = 0;
  const run = simulate(workflow, {
    visit: () => {
      visited += 1;
    },
  });
  run.go();
  while (run.state().status !== 'succeeded') {
    const [first] = run.performing.values();
    if (first === undefined) run.pass(run.wake() ?? 1);
    else if (first.attempt === 1 && fails(first.step)) run.fail(first.step, 'busy', { retryable: true });
    else run.succeed(first.step);
  }
  return visited;
}

const many = (count: number) => Array.from({ length: count }, (_, index) => actionOf(`s${index}`));

const forEach = (count: number, atMost: number, body: readonly Step[] = [actionOf('work')]) => {
  const items = Array.from({ length: count }, (_, index) => index);
  return workflowOf([stepOf('each', { kind: 'forEach', items, as: 'item', atMost, steps: body })]);
};

const chain = (count: number) =>
  workflowOf(
    many(count).map((step, index) => (index === 0 ? step : { ...step, needs: [`s${index - 1}`] })),
    { mode: 'graph' },
  );

const join = (count: number) => {
  const steps = many(count);
  const last = actionOf('last', { needs: steps.map((step) => step.id) });
  return workflowOf([...steps, last], { mode: 'graph' });
};

const wide = (count: number) => workflowOf([stepOf('all', { kind: 'parallel', branches: many(count) })]);

const skipped = (count: number) => workflowOf(many(count).map((step) => ({ ...step, if: '${{ false }}' })));

const inBranches = [stepOf('both', { kind: 'parallel', branches: [actionOf('left'), actionOf('right')] })];

test.each([
  ['a sequence', (count: number) => workflowOf(many(count))],
  ['a sequence of steps that are skipped', skipped],
  ['a forEach with 8 elements at once', (count: number) => forEach(count, 8)],
  ['a forEach with all elements at once', (count: number) => forEach(count, count)],
  ['a forEach of parallels, all at once', (count: number) => forEach(count, count, inBranches)],
  ['a graph in which each step needs the one before', chain],
  ['a graph in which one step needs all others', join],
  ['a parallel of many branches', wide],
])('%s of ten times the length costs ten times as much', { timeout: 300_000 }, (_, make) => {
  const ratio = visits(make(10_000)) / visits(make(1_000));
  expect(ratio).toBeGreaterThan(9);
  expect(ratio).toBeLessThan(11);
});

const isWork = (path: string) => path.endsWith('/work');

test('elements that are all retried or all recovered cost in proportion to their number', {
  timeout: 300_000,
}, () => {
  const retry = { attempts: 2, delayMs: 1000, backoff: 1, maxDelayMs: 1000, jitter: 'none' as const };
  // biome-ignore lint/suspicious/noThenProperty: it is a key of the workflow language.
  const onError = { kind: 'recover', steps: [actionOf('mend')], then: 'retry' } as const;
  for (const work of [actionOf('work', { retry }), actionOf('work', { onError })]) {
    const ratio =
      visits(forEach(10_000, 10_000, [work]), isWork) / visits(forEach(1_000, 1_000, [work]), isWork);
    expect(ratio).toBeGreaterThan(9);
    expect(ratio).toBeLessThan(11);
  }
});

test('attempts that are to be cancelled are named once, however many they are', () => {
  const run = simulate(forEach(1_000, 1_000));
  run.go();
  run.cancel();
  expect(run.commands()).toHaveLength(1_000);
  run.cancelled('each/7/work');
  expect(run.commands()).toEqual([]);
  run.crash();
  expect(run.state().status).toBe('cancelled');
});

test('a forEach of 100,000 elements comes to its end with a few looks at each', { timeout: 300_000 }, () => {
  expect(visits(forEach(100_000, 8)) / 100_000).toBeLessThan(12);
});
