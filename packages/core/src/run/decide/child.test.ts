import { expect, test } from 'vitest';
import { simulate } from '../testing/simulation.ts';
import { actionOf, NO_RETRY, stepOf, workflowOf } from '../testing/workflow-of.ts';

const child = (more = {}) =>
  stepOf('deploy', { kind: 'workflow', workflow: 'release', with: { tag: '${{ inputs.tag }}' } }, more);

test('[WRK-30] a run of its own is started once, under an id that its event names, with its inputs evaluated', () => {
  const run = simulate(workflowOf([child({ timeoutMs: 5000 }), actionOf('after')]), {
    inputs: { tag: 'v1' },
  });
  run.go();
  const [command] = run.performed;
  expect(command).toMatchObject({
    type: 'start-run',
    step: 'deploy',
    workflow: 'release',
    inputs: { tag: 'v1' },
    timeoutMs: 5000,
  });
  expect(run.step('deploy').child).toBe(command?.type === 'start-run' ? command.child : '');
  run.succeed('deploy', { url: 'x' });
  expect([...run.performing.keys()]).toEqual(['after']);
});

test('each try is a run of its own', () => {
  const run = simulate(workflowOf([child({ retry: { ...NO_RETRY, attempts: 2, on: ['broken'] } })]), {
    inputs: { tag: 'v1' },
  });
  run.go();
  run.fail('deploy');
  run.pass(1000);
  const children = run.performed.map((command) => (command.type === 'start-run' ? command.child : ''));
  expect(new Set(children).size).toBe(2);
});

test('[WRK-38] what cancels the run reaches the run inside it', () => {
  const run = simulate(workflowOf([child()]), { inputs: { tag: 'v1' } });
  run.go();
  run.cancel();
  expect(run.commands()).toEqual([
    { type: 'cancel-step', step: 'deploy', reason: 'cancelled', child: run.step('deploy').child },
  ]);
});
