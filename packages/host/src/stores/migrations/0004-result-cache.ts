import type { Migration } from './migrations.ts';

const tables = (number: string, end: string) => [
  `CREATE TABLE results (
    key TEXT PRIMARY KEY,
    bytes ${number} NOT NULL,
    used_at ${number} NOT NULL,
    expires_at ${number} NOT NULL,
    about TEXT NOT NULL,
    body TEXT NOT NULL
  )${end}`,
  // Sizes stand in the index, so that the sum needs no look at the results themselves.
  'CREATE INDEX results_by_use ON results (used_at, bytes, key)',
  'CREATE INDEX results_by_end ON results (expires_at)',
  `CREATE TABLE result_tags (
    tag TEXT NOT NULL,
    key TEXT NOT NULL REFERENCES results (key) ON DELETE CASCADE,
    PRIMARY KEY (tag, key)
  )${end}`,
  'CREATE INDEX result_tags_by_key ON result_tags (key)',
  `CREATE TABLE file_digests (
    place TEXT NOT NULL,
    path TEXT NOT NULL,
    stamp TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (place, path)
  )${end}`,
];

/** Nothing else refers to these tables: all of them may be emptied at any time. */
export const RESULT_CACHE: Migration = {
  number: 4,
  name: 'result cache',
  statements: { sqlite: tables('INTEGER', ' STRICT'), postgres: tables('BIGINT', '') },
};
