import type { Migration } from './migrations.ts';

/**
 * Definitions that no run names any more can go: found, and refused by the database itself, without a look at all runs.
 * `kept_at` is when somebody last said that runs may be started with it; of those from before nobody has.
 */
export const DEFINITIONS_GO: Migration = {
  number: 18,
  name: 'definitions go',
  statements: {
    sqlite: [
      'ALTER TABLE definitions ADD COLUMN kept_at INTEGER NOT NULL DEFAULT 0',
      'CREATE INDEX runs_by_definition ON runs (definition)',
    ],
    postgres: [
      'ALTER TABLE definitions ADD COLUMN kept_at BIGINT NOT NULL DEFAULT 0',
      'CREATE INDEX runs_by_definition ON runs (definition)',
    ],
  },
};
