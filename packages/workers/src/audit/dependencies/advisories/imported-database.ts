import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '../../../tree/write-atomic.ts';
import { list, table, text, wholeNumber } from '../../loose.ts';
import type { Advisory } from './advisory.ts';
import { type AdvisoryDatabase, databaseOf, shardOf } from './database.ts';

/*
 * An imported database is a folder `advisories-ID` of shards, and the file `advisories.json` that names it.
 * 1. The named folder is complete: it is written before it is named.
 * 2. A reader that began with a folder and loses it to a later import fails; it never takes a lost shard for an empty one.
 * 3. Folders that are not named are left over from imports that were cut off, and go with the next import.
 */

const INDEX = 'advisories.json';
const PREFIX = 'advisories-';

export interface ImportedIndex {
  readonly folder: string;
  readonly size: number;
  /** Day of the newest record. */
  readonly until: string;
  /** Day of the import. */
  readonly imported: string;
}

/** Undefined when nothing was imported. */
export async function openImported(dataDir: string): Promise<AdvisoryDatabase | undefined> {
  const index = await readIndex(dataDir);
  if (index === undefined) return undefined;
  const written = new Set(await readdir(join(dataDir, index.folder)));
  const shards = new Map<string, Promise<AdvisoryDatabase>>();
  const open = (shard: string) => {
    const known = shards.get(shard) ?? readShard(join(dataDir, index.folder, shard), index.until);
    shards.set(shard, known);
    return known;
  };
  return {
    name: `database imported on ${index.imported}`,
    size: index.size,
    until: index.until,
    async find(ecosystem, name) {
      const shard = shardOf(ecosystem, name);
      return written.has(shard) ? (await open(shard)).find(ecosystem, name) : [];
    },
  };
}

/** Replaces the imported database. */
export async function writeImported(
  dataDir: string,
  advisories: readonly Advisory[],
  days: Pick<ImportedIndex, 'until' | 'imported'>,
): Promise<ImportedIndex> {
  const folder = `${PREFIX}${randomUUID()}`;
  await mkdir(join(dataDir, folder), { recursive: true });
  for (const [shard, members] of shardsOf(advisories)) {
    await writeAtomic(join(dataDir, folder, shard), JSON.stringify(members));
  }
  const index = { folder, size: advisories.length, ...days };
  await writeAtomic(join(dataDir, INDEX), JSON.stringify(index));
  await removeOthers(dataDir, folder);
  return index;
}

function shardsOf(advisories: readonly Advisory[]): ReadonlyMap<string, readonly Advisory[]> {
  const shards = new Map<string, Set<Advisory>>();
  for (const advisory of advisories) {
    for (const { ecosystem, name } of advisory.affected) {
      const shard = shardOf(ecosystem, name);
      const members = shards.get(shard) ?? new Set();
      shards.set(shard, members.add(advisory));
    }
  }
  return new Map([...shards].map(([shard, members]) => [shard, [...members]]));
}

async function readIndex(dataDir: string): Promise<ImportedIndex | undefined> {
  const content = await readFile(join(dataDir, INDEX), 'utf8').catch(() => undefined);
  if (content === undefined) return undefined;
  const { folder, size, until, imported } = table(JSON.parse(content));
  return {
    folder: text(folder) ?? '',
    size: wholeNumber(size) ?? 0,
    until: text(until) ?? '',
    imported: text(imported) ?? '',
  };
}

async function readShard(path: string, until: string): Promise<AdvisoryDatabase> {
  return databaseOf(path, until, list(JSON.parse(await readFile(path, 'utf8'))) as readonly Advisory[]);
}

async function removeOthers(dataDir: string, folder: string): Promise<void> {
  const names = await readdir(dataDir);
  const others = names.filter((name) => name.startsWith(PREFIX) && name !== folder);
  for (const name of others) await rm(join(dataDir, name), { recursive: true, force: true });
}
