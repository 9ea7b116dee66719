import type { Claim, Job } from '../ports/dispatch.ts';
import type { SharedStore } from '../ports/shared-journal.ts';
import type { Transaction } from '../ports/transaction.ts';
import { bigintArray, textArray } from '../ports/wire-array.ts';
import { AS_JOB, toJob } from './job-row.ts';

/** The least that pg-boss takes. */
export const HEARTBEAT_SECONDS = 10;

/** Rows live for milliseconds; whoever looks for the next one passes by all that are dead. */
export const EAGER_VACUUM = `autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000,
  autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0`;

/**
 * What a process claims as it hands it in, or takes of what waits for it alone: it is in no queue.
 *
 * Invariants
 * 1. A row of a narrow table is there exactly while such a claim lasts.
 * 2. One that nobody has touched for as long as any other claim, or that took longer than it can, is for anybody to take.
 */
export interface DirectClaims {
  makeTable(): Promise<void>;
  write(transaction: Transaction, begun: readonly Job[], ended: readonly Claim[]): Promise<void>;
  /** Answers the ids of those that still belong to this process. */
  touch(claims: readonly Claim[]): Promise<readonly string[]>;
  /** Of which classes there are some whose process is silent. */
  listSilentClasses(): Promise<readonly string[]>;
  /** Removes them; the answer is what was to be done. */
  takeSilent(transaction: Transaction): Promise<readonly Job[]>;
  /** Removes claims of this process that nothing was done about; the answer is what is to be done. */
  takeBack(transaction: Transaction, claims: readonly Claim[]): Promise<readonly Job[]>;
}

export function createDirectClaims(store: SharedStore, schema: string): DirectClaims {
  const silent = `(beat_on < now() - interval '${HEARTBEAT_SECONDS} seconds'
    OR began_on < now() - expires_ms * interval '1 millisecond')`;
  return {
    async makeTable() {
      await store.executeSql(
        `CREATE TABLE IF NOT EXISTS ${schema}.direct (
          id UUID PRIMARY KEY, class TEXT NOT NULL, priority INTEGER NOT NULL, expires_ms BIGINT NOT NULL,
          run TEXT NOT NULL, data TEXT NOT NULL,
          began_on TIMESTAMPTZ NOT NULL DEFAULT now(), beat_on TIMESTAMPTZ NOT NULL DEFAULT now()
        ) WITH (fillfactor = 80, ${EAGER_VACUUM})`,
      );
    },
    async write(transaction, begun, ended) {
      if (begun.length + ended.length === 0) return;
      await transaction.executeSql(
        `WITH ended AS (DELETE FROM ${schema}.direct WHERE id = ANY($1::text[]::uuid[]))
        INSERT INTO ${schema}.direct (id, class, priority, expires_ms, run, data)
        SELECT id::uuid, class, priority, expires_ms, run, data
          FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[])
            AS begun (id, class, priority, expires_ms, run, data)
        ON CONFLICT (id) DO NOTHING`,
        [
          textArray(ended.map(({ id }) => id)),
          textArray(begun.map(({ id }) => id)),
          textArray(begun.map((job) => job.class)),
          bigintArray(begun.map(({ priority }) => priority)),
          bigintArray(begun.map(({ expiresMs }) => expiresMs)),
          textArray(begun.map(({ data }) => String(data['run']))),
          textArray(begun.map(({ data }) => JSON.stringify(data))),
        ],
      );
    },
    async touch(claims) {
      if (claims.length === 0) return [];
      const { rows } = await store.executeSql(
        `UPDATE ${schema}.direct SET beat_on = now() WHERE id = ANY($1::uuid[]) RETURNING id`,
        [claims.map(({ id }) => id)],
      );
      return rows.map(({ id }) => String(id));
    },
    async listSilentClasses() {
      const { rows } = await store.executeSql(`SELECT DISTINCT class FROM ${schema}.direct WHERE ${silent}`);
      return rows.map((row) => String(row.class));
    },
    async takeSilent(transaction) {
      const { rows } = await transaction.executeSql(
        `DELETE FROM ${schema}.direct WHERE id IN (SELECT id FROM ${schema}.direct WHERE ${silent} FOR UPDATE SKIP LOCKED)
          RETURNING ${AS_JOB}`,
      );
      return rows.map(toJob);
    },
    async takeBack(transaction, claims) {
      const { rows } = await transaction.executeSql(
        `DELETE FROM ${schema}.direct WHERE id = ANY($1::uuid[]) RETURNING ${AS_JOB}`,
        [claims.map(({ id }) => id)],
      );
      return rows.map(toJob);
    },
  };
}

/** Those that never waited in a queue, and the others. */
export function parted<T extends { readonly direct?: true }>(items: readonly T[]): readonly [T[], T[]] {
  const direct: T[] = [];
  const others: T[] = [];
  for (const item of items) (item.direct === true ? direct : others).push(item);
  return [direct, others];
}
