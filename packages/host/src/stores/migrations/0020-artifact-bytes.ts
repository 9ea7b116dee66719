import type { Migration } from './migrations.ts';

/**
 * Artifacts that are bytes and no values.
 *
 * 1. `artifact_bytes` holds in base64 what has no file, beside `artifact_chunks`: the same bytes may be kept as a value, too.
 * 2. It is filled by many transactions, so that none is long, before the artifact's own row is written. Until then the digest
 *    stands in `artifact_arrivals` with the time of the last piece: what stays there was left behind.
 */
const statements = (number: string, end: string) => [
  'ALTER TABLE artifacts ADD COLUMN content_type TEXT',
  `CREATE TABLE artifact_bytes (
    digest TEXT NOT NULL, number ${number} NOT NULL, bytes TEXT NOT NULL, PRIMARY KEY (digest, number)
  )${end}`,
  `CREATE TABLE artifact_arrivals (digest TEXT PRIMARY KEY, at ${number} NOT NULL)${end}`,
  'CREATE INDEX artifact_arrivals_by_time ON artifact_arrivals (at)',
];

export const ARTIFACT_BYTES: Migration = {
  number: 20,
  name: 'artifact bytes',
  statements: { sqlite: statements('INTEGER', ' STRICT'), postgres: statements('BIGINT', '') },
};
