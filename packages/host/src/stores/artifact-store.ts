import { createHash } from 'node:crypto';
import { CadreError } from '@cadre/core/errors';
import { readPieces } from '@cadre/kit/files';
import { CHUNK, CREDIT } from '@cadre/sdk';
import type { ArtifactStore, ArtifactUse, NewFile } from '../ports/artifacts.ts';
import type { ArtifactFiles } from './artifact-files.ts';
import { putPieces, readRows } from './artifact-pieces.ts';
import { change, type Database } from './database.ts';
import {
  FIND_ARTIFACTS,
  LIST_LEFT,
  LIST_OLDEST,
  LIST_RUNS_OF,
  listArtifacts,
  putArtifact,
  putFile,
  READ_CHUNK,
  readAged,
  readArtifact,
  removeArtifact,
  removeLeft,
  SET_CLASS,
  SUM_ARTIFACTS,
  useArtifacts,
} from './sql/artifacts.ts';

const PAGE = 100;

/** Somebody may remove what is being put; that he does so again and again is no chance. */
const TRIES = 3;

/**
 * Invariants
 * 1. A record is there only after its text is, and goes before its text does: what is named can be read.
 * 2. Of somebody who names an artifact and somebody who removes it at the same moment, the one who names it has it: see
 *    `ArtifactFiles.remove`. In a database one transaction does both.
 * 3. What is read is what was kept, or nothing is.
 *
 * Without `files` the texts stand in the database, where every machine reaches them.
 */
export function createArtifactStore(database: Database, files?: ArtifactFiles): ArtifactStore {
  const inChunks = files === undefined;

  async function findAll(digest: string) {
    const exact = digest.startsWith('sha256:') ? digest : `sha256:${digest}`;
    const rows = await database.read(FIND_ARTIFACTS, [exact, `${exact}g`]);
    return rows.map(readArtifact);
  }

  async function readChunks(digest: string): Promise<string | undefined> {
    const chunks: string[] = [];
    for (;;) {
      const [row] = await database.read(READ_CHUNK, [digest, chunks.length]);
      if (row === undefined) return chunks.length === 0 ? undefined : chunks.join('');
      chunks.push(String(row['chunk']));
    }
  }

  /** Undefined: it was removed while it was put. */
  async function putRows(file: NewFile, use: ArtifactUse): Promise<true | undefined> {
    const pieces = await putPieces(database, file, use.at);
    try {
      await database.write(function* () {
        // Thrown, so that nothing of it is kept.
        if (!(yield* putFile(file, use, pieces))) throw new Incomplete();
      });
      return true;
    } catch (error) {
      if (error instanceof Incomplete) return undefined;
      throw error;
    }
  }

  async function* open(digest: string): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    const path = await files?.find(digest);
    const pieces =
      path === undefined
        ? readRows(database, digest)
        : // Whoever sends them may hold as many as there is credit for.
          readPieces(path, { bytes: CHUNK, held: CREDIT / CHUNK + 2 });
    let isThere = path !== undefined;
    for await (const piece of pieces) {
      isThere = true;
      hash.update(piece);
      yield piece;
    }
    const found = `sha256:${hash.digest('hex')}`;
    // Of no bytes at all there is nothing but the record.
    const isEmpty = !isThere && found === digest && (await findAll(digest)).length > 0;
    if (!isThere && !isEmpty) throw missing(digest);
    // Invariant 3.
    if (found !== digest) throw damaged(digest);
  }

  return {
    open,
    async putFile(file, use) {
      if (files === undefined) {
        for (let tried = 1; (await putRows(file, use)) === undefined; tried += 1) {
          if (tried === TRIES) throw new Error(`bug: ${file.digest} is removed while it is put`);
        }
        return;
      }
      // As in `put`.
      await files.take(file.digest, file.path);
      await database.write(() => putFile(file, use, 0));
      await files.take(file.digest, file.path);
    },
    async put(artifacts, use) {
      // Invariant 1.
      for (const { digest, text } of artifacts) await files?.write(digest, text);
      await database.write(function* () {
        for (const artifact of artifacts) yield* putArtifact(artifact, use, inChunks);
      });
      // Invariant 2.
      for (const { digest, text } of artifacts) await files?.write(digest, text);
    },
    use: (digests, use) => database.write(() => useArtifacts(digests, use)),
    async read(digest) {
      const text = (await files?.read(digest)) ?? (await readChunks(digest));
      if (text === undefined) throw missing(digest);
      // Invariant 3.
      if (`sha256:${createHash('sha256').update(text).digest('hex')}` === digest) return text;
      throw damaged(digest);
    },
    find: findAll,
    async list({ limit = PAGE, ...filter }) {
      const { sql, parameters } = listArtifacts(filter, cursorOf(filter.cursor), limit + 1);
      const found = (await database.read(sql, parameters)).map(readArtifact);
      const artifacts = found.slice(0, limit);
      const last = artifacts.at(-1);
      const more = found.length > limit && last !== undefined;
      return { artifacts, ...(more ? { cursor: `${last.usedAt} ${last.digest}` } : {}) };
    },
    listRuns: async (digest) => (await database.read(LIST_RUNS_OF, [digest])).map(({ run }) => String(run)),
    setClass: (digest, to) =>
      database.write(function* () {
        return (yield change(SET_CLASS, digest, to)).changes > 0;
      }),
    sizes: async () =>
      (await database.read(SUM_ARTIFACTS, [])).map((row) => ({
        class: row['class'] as 'standard',
        artifacts: Number(row['artifacts']),
        bytes: Number(row['bytes']),
      })),
    listOldest: async (kept, after, limit) =>
      (await database.read(LIST_OLDEST, [kept, after?.usedAt ?? -1, after?.digest ?? '', limit])).map(
        readAged,
      ),
    async remove(artifact) {
      if (!(await database.write(() => removeArtifact(artifact)))) return false;
      await files?.remove(artifact.digest, async () => (await findAll(artifact.digest)).length > 0);
      return true;
    },
    async removeLeftOvers(before) {
      let removed = 0;
      for (const { digest } of await database.read(LIST_LEFT, [before])) {
        if (await database.write(() => removeLeft(String(digest), before))) removed += 1;
      }
      if (files === undefined) return removed;
      for await (const digest of files.listOld(before)) {
        if ((await findAll(digest)).length > 0) continue;
        await files.remove(digest, async () => (await findAll(digest)).length > 0);
        removed += 1;
      }
      return removed;
    },
  };
}

class Incomplete extends Error {}

function damaged(digest: string): CadreError {
  return new CadreError('artifact_damaged', `the artifact ${digest} is not what was kept under this hash`, {
    hint: 'look at the disk it lies on; put it back from a backup, or run again the step that made it',
  });
}

function missing(digest: string): CadreError {
  return new CadreError('artifact_missing', `the artifact ${digest} is not there any more`, {
    hint: 'it went by `retention.artifacts`, or its file was removed; run again the step that made it',
  });
}

function cursorOf(cursor: string | undefined): readonly [number, string] {
  if (cursor === undefined) return [Number.MAX_SAFE_INTEGER, ''];
  const [usedAt = '', digest = ''] = cursor.split(' ');
  if (Number.isSafeInteger(Number(usedAt)) && digest !== '') return [Number(usedAt), digest];
  throw new CadreError('invalid_input', `'${cursor}' is no cursor of a list of artifacts`, {
    hint: 'use the cursor that came with the page before, or none',
  });
}
