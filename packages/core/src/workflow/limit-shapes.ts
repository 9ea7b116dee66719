import { list, number, object, oneOf, text } from './shape.ts';
import * as values from './values.ts';

/** `retry` */
export const retry = object({
  attempts: [
    number('a whole number of at least 1', { minimum: 1, whole: true }),
    'All tries together; 1 is no retry',
  ],
  delay: [values.duration, 'Before the second try'],
  backoff: [number('a number of at least 1', { minimum: 1 }), 'Each delay is so many times the one before'],
  maxDelay: [values.duration, 'No delay is longer'],
  jitter: [oneOf('full', 'none'), 'Whether delays are drawn at random up to their length'],
  on: [
    list(text('a failure code'), 1),
    'Failure codes that are retried; without it those that say they may help',
  ],
});

/** `budget` */
export const budget = object({
  wall: [values.duration, 'Time from beginning to end'],
  cpu: [values.duration, 'Processor time'],
  memory: [values.size, 'Memory'],
  tokens: [values.tokens, 'Tokens of language models'],
  money: [values.money, 'Money'],
  actions: [number('a whole number', { minimum: 0, whole: true }), 'Calls of actions'],
});

/** `permissions` */
export const permissions = list(values.permission);
