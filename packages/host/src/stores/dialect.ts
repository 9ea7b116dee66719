export type Dialect = 'sqlite' | 'postgres';

/** What the few statements need that are no standard; migrations have their own texts for both. */
export const DIALECTS: Readonly<
  Record<Dialect, { readonly findMigrations: string; readonly makeMigrations: string }>
> = {
  sqlite: {
    findMigrations: "SELECT name FROM sqlite_schema WHERE name = 'migrations'",
    makeMigrations: `CREATE TABLE IF NOT EXISTS migrations (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,
  applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT`,
  },
  postgres: {
    findMigrations: "SELECT to_regclass('migrations') AS name WHERE to_regclass('migrations') IS NOT NULL",
    makeMigrations: `CREATE TABLE IF NOT EXISTS migrations (
  number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,
  applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)`,
  },
};
