import { createHash } from 'node:crypto';
import type { JsonObject } from '@cadre/sdk';
import type { Claim, Job } from '../ports/dispatch.ts';
import { agedPriority } from './aged-priority.ts';

/** Names of queues are letters, digits, `_`, `-` and `.`. */
const PLAIN = /^[A-Za-z0-9_-]{1,40}$/;

/** A job as pg-boss gives it. */
export interface Fetched {
  readonly id: string;
  readonly data: JsonObject;
  readonly retryCount: number;
}

/** `retryCount` is among the few columns that are read when no more are asked for. */
export function toClaim(className: string, { id, data, retryCount }: Fetched): Claim {
  return { id, class: className, deaths: retryCount, data };
}

/** Invariant 2. */
export function toAttempt({ id, deaths }: Claim) {
  return { id, retryCount: deaths };
}

/** Handed in at this time: its priority is stored aged. */
export function toInsertAt(now: number, { id, priority, data, expiresMs }: Job) {
  return {
    id,
    priority: agedPriority(priority, now),
    data,
    expireInSeconds: Math.ceil(expiresMs / 1_000),
  };
}

export function queueName(className: string): string {
  if (PLAIN.test(className)) return className;
  return `class.${createHash('sha256').update(className).digest('hex').slice(0, 32)}`;
}
