import { expect, test } from 'vitest';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';

const undone = (id: string, more = {}) =>
  actionOf(id, { compensate: [actionOf(`un${id}`, {}, { of: `\${{ steps.${id}.output }}` })], ...more });
const tell = actionOf('tell');
const last = actionOf('last');

test('[WRK-33] when a run fails what succeeded is undone in reverse order, then onFailure, then finally', () => {
  const steps = [undone('flight'), undone('hotel'), undone('car'), actionOf('pay')];
  const run = simulate(workflowOf(steps, { onFailure: [tell], finally: [last] }));
  run.go();
  run.succeed('flight', 'F1');
  run.succeed('hotel', 'H1');
  run.fail('car');
  expect(run.performed.at(-1)).toMatchObject({ step: 'hotel/~compensate/unhotel', input: { of: 'H1' } });
  run.succeed('hotel/~compensate/unhotel');
  run.succeed('flight/~compensate/unflight');
  run.succeed('~onFailure/tell');
  run.succeed('~finally/last');
  expect(run.state()).toMatchObject({
    status: 'failed',
    failure: { code: 'broken', details: { step: 'car' } },
  });
  expect(run.performed.map(({ step }) => step)).toEqual([
    ...['flight', 'hotel', 'car', 'hotel/~compensate/unhotel', 'flight/~compensate/unflight'],
    ...['~onFailure/tell', '~finally/last'],
  ]);
});

test('what cannot be undone shows, and keeps nothing else from being undone', () => {
  const run = simulate(workflowOf([undone('a'), undone('b'), actionOf('c')]));
  run.go();
  run.succeed('a');
  run.succeed('b');
  run.fail('c', 'first');
  run.fail('b/~compensate/unb', 'second');
  run.succeed('a/~compensate/una');
  expect(run.step('b/~compensate/unb').status).toBe('failed');
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'first' } });
});

test('a run that succeeds, and one that a person cancels, undo nothing', () => {
  const good = simulate(workflowOf([undone('a')]));
  good.go();
  good.succeed('a');
  expect(good.state().status).toBe('succeeded');
  const cancelled = simulate(workflowOf([undone('a'), actionOf('b')]));
  cancelled.go();
  cancelled.succeed('a');
  cancelled.cancel();
  cancelled.cancelled('b');
  expect(cancelled.state().status).toBe('cancelled');
  expect(cancelled.performed.map(({ step }) => step)).toEqual(['a', 'b']);
});

test('elements of a loop are undone each by itself, also after the process died in between', () => {
  const each = stepOf('each', {
    kind: 'forEach',
    items: [1, 2],
    as: 'item',
    atMost: 1,
    steps: [undone('book')],
  });
  const run = simulate(workflowOf([each, actionOf('pay')]));
  run.go();
  run.succeed('each/0/book', 'zero');
  run.pass(1);
  run.succeed('each/1/book', 'one');
  run.fail('pay');
  run.crash(() => true);
  expect(run.performed.at(-1)).toMatchObject({
    step: 'each/1/book/~compensate/unbook',
    input: { of: 'one' },
  });
  run.succeed('each/1/book/~compensate/unbook');
  expect(run.performed.at(-1)).toMatchObject({
    step: 'each/0/book/~compensate/unbook',
    input: { of: 'zero' },
  });
  run.succeed('each/0/book/~compensate/unbook');
  expect(run.state().status).toBe('failed');
});

test('every going-through of a repeat can be undone, so none is forgotten', () => {
  const loop = stepOf('loop', {
    kind: 'repeat',
    while: '${{ iteration < 2 }}',
    max: 2,
    steps: [undone('book')],
  });
  const run = simulate(workflowOf([loop, actionOf('pay')]));
  run.go();
  run.succeed('loop/1/book', 1);
  run.pass(1);
  run.succeed('loop/2/book', 2);
  run.fail('pay');
  run.succeed('loop/2/book/~compensate/unbook');
  run.succeed('loop/1/book/~compensate/unbook');
  expect(run.performed.map(({ step }) => step).slice(3)).toEqual([
    'loop/2/book/~compensate/unbook',
    'loop/1/book/~compensate/unbook',
  ]);
});
