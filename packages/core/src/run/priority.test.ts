import { expect, test } from 'vitest';
import { apply } from './apply.ts';
import { priorityAt } from './priority.ts';
import { simulate } from './testing/simulation.ts';
import { actionOf, NO_RETRY, workflowOf } from './testing/workflow-of.ts';

const workflow = workflowOf([actionOf('a', { priority: 3 }), actionOf('b')]);

function prioritised(...events: readonly { readonly step?: string; readonly priority: number }[]) {
  const run = simulate(workflow);
  run.go();
  return events.reduce((state, { step, priority }) => {
    const number = state.number + 1;
    const said = { number, at: 1, by: 'user:ada', priority };
    return apply(
      state,
      step === undefined ? { ...said, type: 'run.prioritised' } : { ...said, type: 'step.prioritised', step },
    );
  }, run.state());
}

test('a step matters as much as it and its run together, or as much as a person says [WRK-125]', () => {
  expect(priorityAt(workflow, prioritised(), 'a')).toBe(3);
  const raised = prioritised({ priority: 1 });
  expect([priorityAt(workflow, raised, 'a'), priorityAt(workflow, raised, 'b')]).toEqual([4, 1]);
  const lowered = prioritised({ priority: 1 }, { step: 'a', priority: -1 });
  expect([priorityAt(workflow, lowered, 'a'), priorityAt(workflow, lowered, 'b')]).toEqual([-1, 1]);
  expect(raised.prioritised).toBe(raised.number);
  expect(lowered.prioritised).toBe(lowered.number);
});

test('what a person said holds for what is handed out later, too, and for further attempts', () => {
  const run = simulate(workflow);
  run.go();
  run.tell({ type: 'run.prioritised', by: 'user:ada', priority: -1 });
  run.succeed('a');
  expect(run.performing.get('b')).toMatchObject({ priority: -1 });
  const again = simulate(workflowOf([actionOf('a', { retry: { ...NO_RETRY, attempts: 2 } })]));
  again.go();
  expect(again.performing.get('a')).not.toHaveProperty('priority');
  again.append({ type: 'step.prioritised', step: 'a', by: 'user:ada', priority: 7 });
  again.fail('a', 'busy', { retryable: true });
  again.pass(2_000);
  expect(again.performing.get('a')).toMatchObject({ attempt: 2, priority: 7 });
});
