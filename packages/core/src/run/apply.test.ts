import { expect, test } from 'vitest';
import { apply, restore } from './apply.ts';
import type { NumberedEvent, RunEventBody } from './events.ts';

const CREATED: RunEventBody = {
  type: 'run.created',
  workflow: 'sample',
  definition: 'hash',
  inputs: { path: '.' },
  mode: 'apply',
  trigger: {},
  principal: 'user',
};

const numbered = (...bodies: RunEventBody[]): NumberedEvent[] =>
  bodies.map((body, index) => ({ number: index + 1, at: 100 + index, ...body }));

const STARTED: RunEventBody = { type: 'run.started' };
const begun = (step: string, attempt = 1): RunEventBody => ({ type: 'step.started', step, attempt });
const failed = (step: string): RunEventBody => ({
  type: 'step.failed',
  step,
  failure: { code: 'broken', message: 'it broke', retryable: false },
});

test('a run is queued when it is created, then running, then what its last event says', () => {
  expect(restore(numbered(CREATED)).status).toBe('queued');
  expect(restore(numbered(CREATED, STARTED)).status).toBe('running');
  const over = restore(numbered(CREATED, STARTED, { type: 'run.succeeded', output: { n: 1 } }));
  expect(over).toMatchObject({
    status: 'succeeded',
    output: { n: 1 },
    createdAt: 100,
    startedAt: 101,
    endedAt: 102,
  });
});

test('a run waits when a person is asked and nothing else goes on', () => {
  const waiting: RunEventBody = {
    type: 'step.waiting',
    step: 'ask',
    question: { kind: 'approval', prompt: 'Really?' },
  };
  expect(restore(numbered(CREATED, STARTED, waiting)).status).toBe('waiting');
  expect(restore(numbered(CREATED, STARTED, begun('a'), waiting)).status).toBe('running');
  const answered: RunEventBody = { type: 'step.answered', step: 'ask', by: 'ada', answer: 'allow' };
  expect(restore(numbered(CREATED, STARTED, waiting, answered)).status).toBe('running');
});

test('an event is applied to a new state and leaves the old one as it was', () => {
  const before = restore(numbered(CREATED, STARTED));
  const after = apply(before, { number: 3, at: 1, ...begun('a') });
  expect(before.steps.size).toBe(0);
  expect(before.number).toBe(2);
  expect(after.steps.get('a')).toMatchObject({ status: 'running', attempts: 1, startedAt: 1 });
});

test('a container counts how many of its children have begun and how many are over', () => {
  const state = restore(numbered(CREATED, STARTED, begun('a'), begun('b'), failed('a')));
  expect(state.steps.get('')).toMatchObject({ begun: 2, over: 1 });
  const retrying: NumberedEvent = {
    number: 6,
    at: 106,
    type: 'step.retrying',
    step: 'a',
    attempt: 1,
    dueAt: 200,
    failure: { code: 'broken', message: 'it broke', retryable: true },
  };
  expect(apply(state, retrying).steps.get('')).toMatchObject({ begun: 2, over: 0 });
});

test('an event that leaves a gap in the numbers is a bug', () => {
  const state = restore(numbered(CREATED));
  expect(() => apply(state, { number: 3, at: 1, type: 'run.started' })).toThrow(
    'bug: event 3 (run.started) was applied after event 1',
  );
});

test('an event after the end of a run is a bug, whatever the event', () => {
  const ends: RunEventBody[] = [
    { type: 'run.succeeded', output: null },
    { type: 'run.failed', failure: { code: 'broken', message: 'it broke', retryable: false } },
    { type: 'run.cancelled' },
    { type: 'run.timed_out' },
  ];
  for (const end of ends) {
    const over = restore(numbered(CREATED, STARTED, end));
    expect(() => apply(over, { number: 4, at: 1, ...begun('a') })).toThrow('came after the run had');
    expect(() => apply(over, { number: 4, at: 1, type: 'run.cancelling', by: 'x', reason: '' })).toThrow(
      'bug',
    );
  }
});

test.each([
  ['a run that begins with something else', [STARTED]],
  ['a run that is created twice', [CREATED, CREATED]],
  ['a run that is started twice', [CREATED, STARTED, STARTED]],
  ['a step before the run was started', [CREATED, begun('a')]],
  ['a step that is started while it runs', [CREATED, STARTED, begun('a'), begun('a', 2)]],
  ['an attempt with the wrong number', [CREATED, STARTED, begun('a', 2)]],
  [
    'an end of what has ended',
    [CREATED, STARTED, begun('a'), { type: 'step.skipped', step: 'a', reason: '' }, failed('a')],
  ],
  [
    'an answer that nobody asked for',
    [CREATED, STARTED, { type: 'step.answered', step: 'a', by: 'x', answer: 'allow' }],
  ],
  [
    'an answer that does not fit the question',
    [
      CREATED,
      STARTED,
      { type: 'step.waiting', step: 'a', question: { kind: 'approval', prompt: '?' } },
      { type: 'step.answered', step: 'a', by: 'x', answer: 'retry' },
    ],
  ],
] satisfies [string, RunEventBody[]][])('%s is a bug', (_, bodies) => {
  expect(() => restore(numbered(...(bodies as RunEventBody[])))).toThrow(/^bug: /);
});

test('a run without events is a bug', () => {
  expect(() => restore([])).toThrow('bug: a run without events was restored');
});

test('a container that is opened again begins from nothing, and keeps what its recovery did', () => {
  const opened: RunEventBody = { type: 'step.opened', step: 'both' };
  const state = restore(
    numbered(
      CREATED,
      STARTED,
      opened,
      begun('both/a'),
      failed('both/a'),
      failed('both'),
      begun('both/~recover/mend'),
      {
        type: 'step.succeeded',
        step: 'both/~recover/mend',
        output: null,
      },
    ),
  );
  const again = apply(state, { number: 9, at: 1, ...opened });
  expect([...again.steps.keys()].sort()).toEqual(['', 'both', 'both/~recover', 'both/~recover/mend']);
  expect(again.steps.get('both')).toMatchObject({ status: 'running', begun: 0, over: 0, recovered: true });
  expect(again.steps.get('')).toMatchObject({ begun: 1, over: 0 });
});
