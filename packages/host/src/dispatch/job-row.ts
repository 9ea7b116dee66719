import type { Job } from '../ports/dispatch.ts';

/** Columns of a job outside of the queues. */
export const AS_JOB = 'id, class, priority, expires_ms AS "expiresMs", data';

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver gives it.
export function toJob(row: any): Job {
  return { ...row, expiresMs: Number(row.expiresMs), data: JSON.parse(row.data) };
}
