import type { Migration } from './migrations.ts';

const tables = (number: string, end: string) => [
  `CREATE TABLE quarantines (
    worker TEXT PRIMARY KEY,
    since ${number} NOT NULL,
    reason TEXT NOT NULL
  )${end}`,
  `CREATE TABLE process_figures (
    process TEXT PRIMARY KEY,
    figures TEXT NOT NULL
  )${end}`,
  `CREATE TABLE warm_calls (
    worker TEXT PRIMARY KEY,
    call TEXT NOT NULL
  )${end}`,
];

/** The last two may be emptied at any time. */
export const POOLS: Migration = {
  number: 11,
  name: 'pools',
  statements: { sqlite: tables('INTEGER', ' STRICT'), postgres: tables('BIGINT', '') },
};
