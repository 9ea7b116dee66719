import type { Migration } from './migrations.ts';

/** Groups of runs that must not go on at once, as lines; the place is the order in which they came. */
export const LINES: Migration = {
  number: 2,
  name: 'lines',
  statements: {
    sqlite: [
      'CREATE TABLE line_names (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID',
      `CREATE TABLE lines (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        run TEXT NOT NULL,
        expires INTEGER NOT NULL,
        UNIQUE (name, run)
      ) STRICT`,
    ],
    postgres: [
      'CREATE TABLE line_names (name TEXT PRIMARY KEY)',
      `CREATE TABLE lines (
        place BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
        name TEXT NOT NULL,
        run TEXT NOT NULL,
        expires BIGINT NOT NULL,
        UNIQUE (name, run)
      )`,
    ],
  },
};
