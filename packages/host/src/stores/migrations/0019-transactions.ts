import type { Migration } from './migrations.ts';

/**
 * What says that a transaction was kept, to whoever got no answer to its commit (`postgres-sessions.ts`). Each connection has a
 * row with the number of the last transaction that it committed. On SQLite a commit answers.
 */
export const TRANSACTIONS: Migration = {
  number: 19,
  name: 'transactions',
  statements: {
    sqlite: [],
    postgres: [
      `CREATE TABLE transactions (
        connection UUID PRIMARY KEY, number BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL DEFAULT now()
      ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0)`,
    ],
  },
};
