import { MIGRATIONS } from './migrations/migrations.ts';
import type { SqliteSeal } from './sqlite-seal.ts';

/** Made of the length of each statement (FNV-1a, 31 bits). */
export function makeSqliteSeal(): SqliteSeal {
  const lengths = MIGRATIONS.flatMap(({ statements }) => statements.sqlite.map(({ length }) => length));
  const mark =
    lengths.reduce((hash, length) => Math.imul(hash ^ length, 0x01000193), 0x811c9dc5) & 0x7fffffff;
  return { mark, migrations: MIGRATIONS.length };
}
