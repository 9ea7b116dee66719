import { expect, test } from 'vitest';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';

const YEAR = 365 * 86_400_000;
const waitFor = (kind: object, more = {}) => stepOf('wait', { kind: 'wait', ...kind }, more);

test('[WRK-30] a wait may last a year and survives the death of its process', () => {
  const run = simulate(workflowOf([waitFor({ forMs: YEAR }), actionOf('after')]));
  run.go();
  expect(run.state().status).toBe('waiting');
  expect(run.wake()).toBe(YEAR);
  run.pass(YEAR / 2);
  run.crash();
  expect(run.wake()).toBe(YEAR / 2);
  run.pass(YEAR / 2);
  expect(run.step('wait')).toMatchObject({ status: 'succeeded', output: { by: 'time' } });
  expect([...run.performing.keys()]).toEqual(['after']);
});

test('a wait until a time that has passed is over at once; until what is no time it fails', () => {
  const past = simulate(workflowOf([waitFor({ until: '${{ inputs.at }}' })]), {
    inputs: { at: '1970-01-01T00:00:01Z' },
  });
  past.go();
  expect(past.state().status).toBe('succeeded');
  const never = simulate(workflowOf([waitFor({ until: 'tomorrow' })]));
  never.go();
  expect(never.state().failure).toMatchObject({ code: 'invalid_expression', details: { step: 'wait' } });
});

test('[WRK-30] a wait for an event takes the first that fits topic and condition, and gives it', () => {
  const run = simulate(
    workflowOf([waitFor({ event: 'card.*.moved', when: "${{ event.data.to == 'done' }}" })]),
  );
  run.go();
  run.signal('card.7.opened', { to: 'done' });
  run.signal('card.7.moved', { to: 'ready' });
  expect(run.state().status).toBe('waiting');
  run.signal('card.8.moved', { to: 'done' });
  expect(run.step('wait').output).toMatchObject({ topic: 'card.8.moved', data: { to: 'done' }, by: 'ada' });
});

test('what was told before anybody waited for it is taken later, each once, the oldest first', () => {
  const wait = (id: string) => stepOf(id, { kind: 'wait', event: 'told' });
  const run = simulate(workflowOf([actionOf('first'), wait('a'), wait('b'), wait('c')]));
  run.go();
  run.signal('told', 1);
  run.signal('told', 2);
  run.crash(() => true);
  run.succeed('first');
  expect(run.step('a').output).toMatchObject({ data: 1 });
  expect(run.step('b').output).toMatchObject({ data: 2 });
  expect(run.status('c')).toBe('waiting');
});

test('an event that does not come in time is a time-out, and its route decides', () => {
  const onError = { kind: 'routes', routes: [{ on: ['timed_out'], route: { kind: 'continue' } }] } as const;
  const run = simulate(
    workflowOf([waitFor({ event: 'told', deadlineMs: 1000 }, { onError }), actionOf('after')]),
  );
  run.go();
  run.pass(1000);
  expect(run.status('wait')).toBe('timed_out');
  expect([...run.performing.keys()]).toEqual(['after']);
});

test('a condition that does not work is a failure of the step', () => {
  const run = simulate(workflowOf([waitFor({ event: 'told', when: '${{ event.data.to.be }}' })]));
  run.go();
  run.signal('told', {});
  expect(run.step('wait')).toMatchObject({ status: 'failed', failure: { code: 'invalid_expression' } });
});

test('a rehearsal waits for nothing', () => {
  const run = simulate(
    workflowOf([waitFor({ forMs: YEAR }), stepOf('other', { kind: 'wait', event: 'told' })]),
    { mode: 'plan' },
  );
  run.go();
  expect(run.state().status).toBe('succeeded');
});

test('a flood of signals that nobody takes does not fill the memory', () => {
  const run = simulate(workflowOf([actionOf('first')]));
  run.go();
  run.together(() => {
    for (let index = 0; index < 1500; index += 1) run.signal('noise', index);
  });
  expect(run.state().signals.size).toBe(1000);
});
