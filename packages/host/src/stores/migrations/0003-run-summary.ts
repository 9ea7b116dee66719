import type { Migration } from './migrations.ts';

const added = (number: string) => [
  'ALTER TABLE runs ADD COLUMN profile TEXT',
  'ALTER TABLE runs ADD COLUMN commit_at TEXT',
  'ALTER TABLE runs ADD COLUMN commit_made TEXT',
  `ALTER TABLE runs ADD COLUMN changes ${number} NOT NULL DEFAULT 0`,
];

/** What a list of runs says of each, so that nobody has to read journals for a list. */
export const RUN_SUMMARY: Migration = {
  number: 3,
  name: 'run summary',
  statements: { sqlite: added('INTEGER'), postgres: added('BIGINT') },
};
