import { expect, test } from 'vitest';
import { checkValue } from '../manifest/check-value.ts';
import type { NumberedEvent } from '../run/events.ts';
import { endOfAttempt } from './end-of-attempt.ts';
import { attemptOfStream, envelopeOf, envelopeOfRunEvent, extensionStream } from './envelope.ts';
import { envelopeSchema } from './envelope-schema.ts';
import { compileFilter } from './event-filter.ts';

const run = { run: 'run_01.2', principal: 'user:ann', workspace: 'shop' };
const answered: NumberedEvent = {
  number: 7,
  at: 1_700_000_000_000,
  type: 'step.answered',
  step: 'ask',
  by: 'user:bob',
  answer: 'allow',
};

/** As programs elsewhere read it: never changed without a new version. */
const GOLDEN = {
  v: 1,
  id: 'run_01.2#7',
  topic: 'step.answered',
  stream: 'run_01.2',
  number: 7,
  workspace: 'shop',
  run: 'run_01.2',
  step: 'ask',
  card: null,
  conversation: null,
  actor: 'user:bob',
  time: '2023-11-14T22:13:20.000Z',
  trace: '8f909d568f74ddeb77c80274b9fc02db',
  data: { by: 'user:bob', answer: 'allow' },
};

test('an envelope is what it was in the first version, and what its schema says [WRK-42]', () => {
  const made = envelopeOfRunEvent(answered, run);
  expect(made).toEqual(GOLDEN);
  expect(Object.keys(made)).toEqual(Object.keys(GOLDEN));
  expect(checkValue(envelopeSchema(), made as never)).toEqual([]);
  expect(checkValue(envelopeSchema(), { ...made, more: 1 } as never)).not.toEqual([]);
  expect(checkValue(envelopeSchema(), { ...made, trace: 'x' } as never)).not.toEqual([]);
});

test('a run shares its trace with the runs inside it and with no other', () => {
  const traceOf = (id: string) => envelopeOfRunEvent(answered, { ...run, run: id }).trace;
  expect(traceOf('run_01')).toBe(traceOf('run_01.2.1'));
  expect(traceOf('run_01')).not.toBe(traceOf('run_02'));
});

test('what nobody did by name is done by who started the run', () => {
  const started = { number: 2, at: 1, type: 'run.started' } as const;
  expect(envelopeOfRunEvent(started, run)).toMatchObject({ actor: 'user:ann', step: null, data: {} });
  const woken = { number: 3, at: 1, type: 'step.woken', step: 'a', by: 'time' } as const;
  expect(envelopeOfRunEvent(woken, run)).toMatchObject({ actor: 'user:ann', data: { by: 'time' } });
});

test('partial results have a stream for each attempt', () => {
  const stream = extensionStream('run_01', 'scan/each/3/a', 2);
  expect(stream).toBe('run_01:scan/each/3/a:2');
  expect(attemptOfStream(stream)).toEqual({ run: 'run_01', step: 'scan/each/3/a', attempt: 2 });
  for (const other of ['run_01', 'firing:3', 'audit', 'run_01:a:0']) {
    expect(attemptOfStream(other)).toBeUndefined();
  }
});

test('an attempt ends by its own end, by the next attempt, and by the end of its run', () => {
  const failure = { code: 'x', message: 'x', retryable: false };
  const end = (event: object) => endOfAttempt({ at: 1, step: 'a', ...event } as never, 'a', 1);
  expect(end({ type: 'step.succeeded', output: null })).toBe('succeeded');
  expect(end({ type: 'step.retrying', failure })).toBe('failed');
  expect(end({ type: 'step.cancelled' })).toBe('cancelled');
  expect(end({ type: 'step.started', attempt: 2 })).toBe('failed');
  expect(end({ type: 'step.started', attempt: 1 })).toBeUndefined();
  expect(end({ type: 'step.succeeded', step: 'b', output: null })).toBeUndefined();
  expect(endOfAttempt({ at: 1, type: 'run.cancelled' }, 'a', 1)).toBe('cancelled');
  expect(endOfAttempt({ at: 1, type: 'run.started' }, 'a', 1)).toBeUndefined();
});

test('a condition holds only where it gives true [WRK-46]', () => {
  const event = envelopeOfRunEvent(answered, run);
  const holds = (text: string) => compileFilter(text)(event);
  expect(holds('event.data.answer == "allow" && event.number > 6')).toBe(true);
  expect(holds('event.topic.startsWith("run.")')).toBe(false);
  expect(holds('event.data.failure.code == "x"')).toBe(false);
  expect(holds('event.number')).toBe(false);
  expect(() => compileFilter('event.topic ==')).toThrow();
  const emitted = envelopeOf({ topic: 'a.b', stream: 'emitted', number: 1, workspace: 'w', at: 0, data: {} });
  expect(compileFilter('event.run == null')(emitted)).toBe(true);
});
