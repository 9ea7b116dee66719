import { expect, test } from 'vitest';
import type { Step, Workflow } from '../../workflow/workflow.ts';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';

const goOn = { onError: { kind: 'continue' } } as const;
const defer = { onError: { kind: 'defer' } } as const;
const tell = actionOf('tell', {}, { text: '${{ failure.message }}' });

function runOf(steps: readonly Step[], more: Partial<Workflow> = {}) {
  const run = simulate(workflowOf(steps, more));
  run.go();
  return run;
}

test('[HYG-7] while a check has failed, what it holds is skipped, everything else is done, and the run fails', () => {
  const run = runOf(
    [
      actionOf('test', goOn),
      actionOf('clean'),
      actionOf('commit', { heldBy: ['test'] }),
      actionOf('push', { heldBy: ['test'] }),
    ],
    { onFailure: [tell] },
  );
  run.fail('test');
  expect([...run.performing.keys()]).toEqual(['clean']);
  run.succeed('clean');
  expect(run.step('commit')).toMatchObject({ status: 'skipped', reason: 'held' });
  expect(run.step('push')).toMatchObject({ status: 'skipped', reason: 'held' });
  expect(run.performing.get('~onFailure/tell')?.input).toEqual({ text: 'test is broken' });
  run.succeed('~onFailure/tell');
  expect(run.state()).toMatchObject({
    status: 'failed',
    failure: { code: 'broken', details: { step: 'test' } },
  });
});

test('a check holds by a time limit and by being cancelled as well, and not by being skipped', () => {
  const steps = [actionOf('test', goOn), actionOf('commit', { heldBy: ['test'] })];
  const late = runOf(steps);
  late.timeOut('test');
  expect(late.step('commit').reason).toBe('held');
  const stopped = runOf(steps);
  stopped.cancelled('test');
  expect(stopped.step('commit').reason).toBe('held');
  expect(stopped.state()).toMatchObject({ status: 'failed', failure: { code: 'cancelled' } });
  const skipped = runOf(steps);
  skipped.tell({ type: 'step.skipped', step: 'test', reason: 'nothing_to_do' });
  expect([...skipped.performing.keys()]).toEqual(['commit']);
});

test('the run of a check that failed fails also when nobody wanted what it would hold', () => {
  const run = runOf([actionOf('test', goOn), actionOf('commit', { heldBy: ['test'], if: '${{ false }}' })]);
  run.fail('test');
  expect(run.step('commit').reason).toBe('if');
  expect(run.state().status).toBe('failed');
});

test('a check that its recovery mended holds nothing', () => {
  // biome-ignore lint/suspicious/noThenProperty: it is a key of the workflow language.
  const mended = { kind: 'recover', steps: [actionOf('fix')], then: 'retry' } as const;
  const run = runOf([actionOf('test', { onError: mended }), actionOf('commit', { heldBy: ['test'] })]);
  run.fail('test');
  run.succeed('test/~recover/fix');
  run.succeed('test');
  run.succeed('commit');
  expect(run.state().status).toBe('succeeded');
});

test('a failure that is put off fails the list that it stands in, after the rest of it', () => {
  const both = stepOf('both', { kind: 'parallel', branches: [actionOf('left', defer), actionOf('right')] });
  const run = runOf([{ ...both, ...goOn }, actionOf('after', defer), actionOf('last')]);
  run.fail('both/left');
  expect([...run.performing.keys()]).toEqual(['both/right']);
  run.succeed('both/right');
  expect(run.step('both')).toMatchObject({ status: 'failed', failure: { details: { step: 'both/left' } } });
  run.fail('after', 'worse');
  run.succeed('last');
  expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'worse' } });
});

test('the elements of a forEach go on to their ends before a failure that was put off ends them', () => {
  const each = stepOf('each', {
    kind: 'forEach',
    items: [1, 2],
    as: 'item',
    atMost: 1,
    steps: [actionOf('a', defer), actionOf('b')],
  });
  const run = runOf([each]);
  run.fail('each/0/a');
  run.succeed('each/0/b');
  expect(run.step('each/0').status).toBe('failed');
  expect(run.state()).toMatchObject({ status: 'failed', failure: { details: { step: 'each/0/a' } } });
});

test('in a graph a step waits for what holds it', () => {
  const run = runOf([actionOf('commit', { heldBy: ['test'] }), actionOf('test', goOn)], { mode: 'graph' });
  expect([...run.performing.keys()]).toEqual(['test']);
  run.fail('test');
  expect(run.step('commit').reason).toBe('held');
});

test('[HYG-8] a run in which every step lacked its tool or had nothing to do has failed', () => {
  const skip = (run: ReturnType<typeof runOf>, step: string, reason: string) =>
    run.tell({ type: 'step.skipped', step, reason });
  const steps = [actionOf('a'), actionOf('b'), actionOf('c', { if: '${{ false }}' })];
  const lacking = runOf(steps, { onFailure: [tell] });
  skip(lacking, 'a', 'tool_missing');
  skip(lacking, 'b', 'nothing_to_do');
  lacking.succeed('~onFailure/tell');
  expect(lacking.state()).toMatchObject({
    status: 'failed',
    failure: { code: 'tool_missing', message: 'no step could do its work: a lacks its tool' },
  });
  const idle = runOf(steps);
  skip(idle, 'a', 'nothing_to_do');
  skip(idle, 'b', 'nothing_to_do');
  expect(idle.state().status).toBe('succeeded');
  const partly = runOf(steps);
  skip(partly, 'a', 'tool_missing');
  partly.succeed('b');
  expect(partly.state().status).toBe('succeeded');
});
