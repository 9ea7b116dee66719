import { expect, test } from 'vitest';
import { commandsOnResume, pendingAttempts } from './resume.ts';
import { simulate } from './testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from './testing/workflow-of.ts';

const branches = [
  actionOf('safe'),
  actionOf('unsafe'),
  stepOf('ask', { kind: 'approval', prompt: 'Go on?', default: 'deny' }),
];
const workflow = workflowOf([stepOf('all', { kind: 'parallel', branches })], { finally: [actionOf('last')] });

test('attempts under way are pending; questions and containers are not', () => {
  const run = simulate(workflow);
  run.go();
  expect(pendingAttempts(run.state())).toEqual(['all/safe', 'all/unsafe']);
});

test('each pending attempt is interrupted, with whether its action may be repeated', () => {
  const run = simulate(workflow);
  run.go();
  const events = commandsOnResume(workflow, run.state(), run.moment(), (uses) => uses === 'sample/safe');
  const at = run.moment().now;
  expect(events).toEqual([
    { at, type: 'step.interrupted', step: 'all/safe', attempt: 1, repeatable: true },
    { at, type: 'step.interrupted', step: 'all/unsafe', attempt: 1, repeatable: false },
  ]);
});

test('attempts in sections and elements are found by their paths', () => {
  const each = stepOf('each', { kind: 'forEach', items: [1, 2], as: 'item', steps: [actionOf('work')] });
  const run = simulate(workflowOf([each], { finally: [actionOf('last')] }));
  run.go();
  run.succeed('each/0/work');
  run.crash(() => true);
  expect(run.step('each/1/work')).toMatchObject({ attempts: 2, deaths: 1 });
  run.succeed('each/1/work');
  run.crash(() => true);
  expect(run.step('~finally/last')).toMatchObject({ attempts: 2, deaths: 1 });
});

test('a journal that belongs to another definition is a bug that says so', () => {
  const run = simulate(workflow);
  run.go();
  const other = workflowOf([actionOf('something')]);
  expect(() => commandsOnResume(other, run.state(), run.moment(), () => true)).toThrow(
    "has no step 'all/safe'",
  );
});
