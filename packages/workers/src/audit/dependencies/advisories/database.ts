import { createHash } from 'node:crypto';
import type { Ecosystem } from '../ecosystem.ts';
import type { Advisory, Affected } from './advisory.ts';

/** Where advisories are looked up. */
export interface AdvisoryDatabase {
  /** For people: `built-in set`. */
  readonly name: string;
  /** How many advisories it holds. */
  readonly size: number;
  /** Day up to which it is complete; of a set that is not, the day of its newest advisory. */
  readonly until: string;
  find(ecosystem: Ecosystem, name: string): Promise<readonly Match[]>;
}

export interface Match {
  readonly advisory: Advisory;
  readonly affected: Affected;
}

/** A database in memory. */
export function databaseOf(name: string, until: string, advisories: readonly Advisory[]): AdvisoryDatabase {
  const byPackage = new Map<string, Match[]>();
  for (const advisory of advisories) {
    for (const affected of advisory.affected) {
      const key = packageKey(affected.ecosystem, affected.name);
      byPackage.set(key, [...(byPackage.get(key) ?? []), { advisory, affected }]);
    }
  }
  return {
    name,
    size: advisories.length,
    until,
    find: async (ecosystem, packageName) => byPackage.get(packageKey(ecosystem, packageName)) ?? [],
  };
}

/** Splits a large database into files of which a repository needs some: 64 for each ecosystem. */
export function shardOf(ecosystem: Ecosystem, name: string): string {
  const byte = createHash('sha256').update(name).digest()[0] ?? 0;
  return `${ecosystem}-${(byte % 64).toString(16).padStart(2, '0')}.json`;
}

function packageKey(ecosystem: Ecosystem, name: string): string {
  return `${ecosystem}\0${name}`;
}
