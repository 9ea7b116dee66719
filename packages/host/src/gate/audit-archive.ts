import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { CadreError } from '@cadre/core/errors';
import { flushFolder } from '@cadre/kit/files';
import type { AuditRecord } from '../ports/audit-store.ts';
import type { AuditArchive } from './audit-beginning.ts';
import { auditHash } from './audit-hash.ts';

export interface ArchivedPart {
  readonly workspace: string;
  readonly first: number;
  readonly last: number;
  /** Of the last record: no other chain has a file of this name. */
  readonly hash: string;
}

/**
 * Writes records as JSON lines, packed, and reads them again before it says so. It has its name only when it is whole; the same records
 * always have the same name and the same digest.
 */
export async function writeAuditArchive(
  folder: string,
  { workspace, first, last, hash }: ArchivedPart,
  records: AsyncIterable<AuditRecord>,
): Promise<AuditArchive> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeUnfinished(folder, workspace);
  const name = `audit-${workspace}-${first}-${last}-${hash.slice(0, 12)}.jsonl.gz`;
  const staged = join(folder, `${name}.part`);
  const sum = createHash('sha256');
  async function* lines() {
    for await (const record of records) {
      const line = lineOf(record);
      sum.update(line);
      yield line;
    }
  }
  try {
    await pipeline(Readable.from(lines()), createGzip(), createWriteStream(staged, { mode: 0o600 }));
    await flush(staged);
    const archive = { name, digest: sum.digest('hex') };
    await checkPart(staged, archive, { first, last, hash });
    await rename(staged, join(folder, name));
    await flushFolder(folder);
    return archive;
  } finally {
    await rm(staged, { force: true });
  }
}

/**
 * It has to hold what its name says: of records that another process removes meanwhile some would be missing, and what is there already under
 * this name would be written over.
 */
async function checkPart(
  file: string,
  archive: AuditArchive,
  { first, last, hash }: Omit<ArchivedPart, 'workspace'>,
): Promise<void> {
  let before: AuditRecord | undefined;
  for await (const record of readLines(file, archive)) {
    const isNext =
      record.number === (before === undefined ? first : before.number + 1) &&
      (before === undefined || record.previous === before.hash);
    if (!isNext || auditHash(record) !== record.hash) throw changedMeanwhile(record.number);
    before = record;
  }
  if (before?.number !== last || before.hash !== hash) throw changedMeanwhile(last);
}

/** Of a removal that was cut off: one process at a time archives, which the caller sees to. */
async function removeUnfinished(folder: string, workspace: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(`audit-${workspace}-`) && name.endsWith('.jsonl.gz.part'))
      await rm(join(folder, name), { force: true });
  }
}

/** Throws `not_found`, and `store_corrupt` when it is not what the beginning was signed for: at the latest after its last record. */
export async function* readAuditArchive(folder: string, archive: AuditArchive): AsyncGenerator<AuditRecord> {
  if (basename(archive.name) !== archive.name) throw damaged(archive.name);
  yield* readLines(join(folder, archive.name), archive);
}

async function* readLines(file: string, { digest }: AuditArchive): AsyncGenerator<AuditRecord> {
  const sum = createHash('sha256');
  const packed = createReadStream(file);
  const text = createGunzip();
  packed.once('error', (error) => text.destroy(error));
  packed.pipe(text);
  try {
    for await (const line of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
      sum.update(`${line}\n`);
      yield parseRecord(line, file);
    }
  } catch (error) {
    throw faultOf(error, file);
  } finally {
    packed.destroy();
    text.destroy();
  }
  if (sum.digest('hex') !== digest) throw damaged(file);
}

function faultOf(error: unknown, file: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return new CadreError('not_found', `the archive ${file} is not there`, {
      hint: 'name the folder in which the archives of this record are',
    });
  }
  // What cannot be read for another reason is no word about its content.
  return code === undefined || code.startsWith('Z_') ? damaged(file) : error;
}

/** Whoever reads lines takes these two for the end of one, and JSON does not mind how they are written. */
const LINE_ENDS = /[\u2028\u2029]/g;

function lineOf({ number, previous, hash, entry }: AuditRecord): string {
  const line = JSON.stringify({ number, previous, hash, entry });
  return `${line.replaceAll(LINE_ENDS, (end) => (end === '\u2028' ? '\\u2028' : '\\u2029'))}\n`;
}

function parseRecord(line: string, file: string): AuditRecord {
  try {
    const { number, previous, hash, entry } = JSON.parse(line) as AuditRecord;
    return { number: Number(number), previous: String(previous), hash: String(hash), entry: String(entry) };
  } catch {
    throw damaged(file);
  }
}

function changedMeanwhile(number: number): CadreError {
  return new CadreError('changed_meanwhile', `the record changed at ${number} while it was archived`, {
    hint: 'cadre audit verify says more; if it finds nothing, clean again',
  });
}

function damaged(file: string): CadreError {
  return new CadreError('store_corrupt', `the archive ${file} is not what was archived`, {
    hint: 'use another copy of it',
  });
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.sync().finally(() => handle.close());
}
