import type {
  AgedArtifact,
  ArtifactClass,
  ArtifactFilter,
  ArtifactRecord,
  ArtifactUse,
  NewArtifact,
  NewFile,
} from '../../ports/artifacts.ts';
import { change, query, type Row, type Script, type SqlValue, type Statement } from '../database.ts';

/** Characters of one row: what a database takes without trouble, and small beside what is held of a value anyway. */
const CHUNK = 1_000_000;

/** A class that keeps longer wins. */
const PUT = `INSERT INTO artifacts (digest, bytes, type, elements, class, run, created_at, used_at, content_type)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8) ON CONFLICT (digest) DO UPDATE SET
    used_at = CASE WHEN excluded.used_at > artifacts.used_at THEN excluded.used_at ELSE artifacts.used_at END,
    class = CASE WHEN artifacts.class = 'temporary' THEN excluded.class ELSE artifacts.class END`;
const USE_AGAIN = `UPDATE artifacts SET used_at = CASE WHEN ?2 > used_at THEN ?2 ELSE used_at END,
    class = CASE WHEN class = 'temporary' THEN ?3 ELSE class END WHERE digest = ?1`;
const USE =
  'INSERT INTO artifact_uses (run, digest, root) VALUES (?1, ?2, ?3) ON CONFLICT (run, digest) DO NOTHING';
const PUT_PART =
  'INSERT INTO artifact_parts (whole, part) VALUES (?1, ?2) ON CONFLICT (whole, part) DO NOTHING';
const PARTS = 'SELECT part FROM artifact_parts WHERE whole = ?1';
const PUT_CHUNK =
  'INSERT INTO artifact_chunks (digest, number, chunk) VALUES (?1, ?2, ?3) ON CONFLICT (digest, number) DO NOTHING';

export function* putArtifact(artifact: NewArtifact, use: ArtifactUse, inChunks: boolean): Script<void> {
  const { digest, bytes, type, elements = null, parts, text } = artifact;
  yield change(PUT, digest, bytes, type, elements, use.class, use.run, use.at, null);
  yield change(USE, use.run, digest, rootOf(use.run));
  for (const part of parts) yield change(PUT_PART, digest, part);
  if (inChunks) yield* putChunks(digest, text);
}

export function* putChunks(digest: string, text: string): Script<void> {
  let number = 0;
  for (let start = 0; start < text.length; number += 1) {
    let end = start + CHUNK;
    // A character of two halves stays whole.
    if (isHighSurrogate(text.charCodeAt(end - 1))) end += 1;
    yield change(PUT_CHUNK, digest, number, text.slice(start, end));
    start = end;
  }
}

/** False: what was put before is not there any more, for which somebody has cleaned up. */
export function* putFile(file: NewFile, use: ArtifactUse, pieces: number): Script<boolean> {
  const { digest, bytes, contentType } = file;
  // First: whoever removes it at the same moment has then done so, or waits until this is kept.
  yield change(PUT, digest, bytes, 'bytes', null, use.class, use.run, use.at, contentType);
  const [row] = (yield query(COUNT_PIECES, digest)).rows;
  if (Number(row?.['pieces']) < pieces) return false;
  yield change(USE, use.run, digest, rootOf(use.run));
  yield change('DELETE FROM artifact_arrivals WHERE digest = ?1', digest);
  return true;
}

const COUNT_PIECES = 'SELECT count(*) AS pieces FROM artifact_bytes WHERE digest = ?1';
const PUT_PIECE =
  'INSERT INTO artifact_bytes (digest, number, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (digest, number) DO NOTHING';
const ARRIVING =
  'INSERT INTO artifact_arrivals (digest, at) VALUES (?1, ?2) ON CONFLICT (digest) DO UPDATE SET at = excluded.at';

export function* putPiece(digest: string, number: number, bytes: string, at: number): Script<void> {
  yield change(ARRIVING, digest, at);
  yield change(PUT_PIECE, digest, number, bytes);
}

export const READ_PIECE = 'SELECT bytes FROM artifact_bytes WHERE digest = ?1 AND number = ?2';
export const LIST_LEFT = 'SELECT digest FROM artifact_arrivals WHERE at < ?1 ORDER BY at LIMIT 100';

/** Pieces of bytes that nobody has gone on with since. */
export function* removeLeft(digest: string, before: number): Script<boolean> {
  const left = yield change('DELETE FROM artifact_arrivals WHERE digest = ?1 AND at < ?2', digest, before);
  if (left.changes === 0) return false;
  const named = 'EXISTS (SELECT 1 FROM artifacts WHERE artifacts.digest = artifact_bytes.digest)';
  yield change(`DELETE FROM artifact_bytes WHERE digest = ?1 AND NOT ${named}`, digest);
  return true;
}

/** Those that stand in them are named as well. */
export function* useArtifacts(digests: readonly string[], use: ArtifactUse): Script<void> {
  const waiting = [...digests];
  const seen = new Set<string>();
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
    if (seen.has(digest)) continue;
    seen.add(digest);
    yield change(USE_AGAIN, digest, use.at, use.class);
    yield change(USE, use.run, digest, rootOf(use.run));
    for (const { part } of (yield query(PARTS, digest)).rows) waiting.push(String(part));
  }
}

export const READ_CHUNK = 'SELECT chunk FROM artifact_chunks WHERE digest = ?1 AND number = ?2';

const COLUMNS =
  'a.digest, a.bytes, a.type, a.elements, a.class, a.run, a.created_at, a.used_at, a.content_type';

/** Between a beginning and itself with a `g`, which comes after all digits: everything that begins so. */
export const FIND_ARTIFACTS = `SELECT ${COLUMNS} FROM artifacts AS a WHERE a.digest >= ?1 AND a.digest < ?2
  ORDER BY a.digest LIMIT 2`;
export const LIST_RUNS_OF = 'SELECT run FROM artifact_uses WHERE digest = ?1 ORDER BY run';
export const SET_CLASS = 'UPDATE artifacts SET class = ?2 WHERE digest = ?1';
export const SUM_ARTIFACTS = 'SELECT class, artifacts, bytes FROM artifact_sizes';

export function listArtifacts(
  { run }: ArtifactFilter,
  before: readonly [number, string],
  limit: number,
): Statement {
  const [usedAt, digest] = before;
  if (run === undefined) {
    return query(
      `SELECT ${COLUMNS} FROM artifacts AS a WHERE (a.used_at, a.digest) < (?1, ?2)
        ORDER BY a.used_at DESC, a.digest DESC LIMIT ?3`,
      usedAt,
      digest,
      limit,
    );
  }
  return query(
    `SELECT ${COLUMNS} FROM artifact_uses AS u JOIN artifacts AS a ON a.digest = u.digest
      WHERE u.run = ?4 AND (a.used_at, a.digest) < (?1, ?2) ORDER BY a.used_at DESC, a.digest DESC LIMIT ?3`,
    usedAt,
    digest,
    limit,
    run,
  );
}

const USED = `(EXISTS (SELECT 1 FROM artifact_uses AS u JOIN runs ON runs.id = u.run WHERE u.digest = a.digest)
  OR EXISTS (SELECT 1 FROM artifact_parts AS p WHERE p.part = a.digest))`;
const EXEMPT = `EXISTS (SELECT 1 FROM artifact_uses AS u JOIN runs ON runs.id = u.run WHERE u.digest = a.digest
  AND (runs.ended_at IS NULL
    OR EXISTS (SELECT 1 FROM pins WHERE pins.run IN (u.run, u.root))
    OR EXISTS (SELECT 1 FROM holds WHERE holds.workflow IN ('*', runs.workflow))
    OR EXISTS (SELECT 1 FROM runs AS around WHERE around.id = u.root AND around.ended_at IS NULL)))`;

export const LIST_OLDEST = `SELECT ${COLUMNS}, CASE WHEN ${USED} THEN 1 ELSE 0 END AS used,
    CASE WHEN ${EXEMPT} THEN 1 ELSE 0 END AS exempt
  FROM artifacts AS a WHERE a.class = ?1 AND (a.used_at, a.digest) > (?2, ?3)
  ORDER BY a.used_at, a.digest LIMIT ?4`;

const REMOVE = `DELETE FROM artifacts AS a WHERE a.digest = ?1 AND a.used_at = ?2 AND NOT ${EXEMPT}`;

/** False: somebody has used it since, or holds it now. */
export function* removeArtifact({ digest, usedAt }: ArtifactRecord): Script<boolean> {
  if ((yield change(REMOVE, digest, usedAt)).changes === 0) return false;
  yield change('DELETE FROM artifact_uses WHERE digest = ?1', digest);
  yield change('DELETE FROM artifact_parts WHERE whole = ?1', digest);
  yield change('DELETE FROM artifact_chunks WHERE digest = ?1', digest);
  yield change('DELETE FROM artifact_bytes WHERE digest = ?1', digest);
  return true;
}

function rootOf(run: string): string {
  return run.split('.', 1)[0] ?? run;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

export function readArtifact(row: Row): ArtifactRecord {
  return {
    digest: String(row['digest']),
    bytes: Number(row['bytes']),
    type: row['type'] as ArtifactRecord['type'],
    ...(row['elements'] === null ? {} : { elements: Number(row['elements']) }),
    ...(row['content_type'] === null ? {} : { contentType: String(row['content_type']) }),
    class: row['class'] as ArtifactClass,
    run: String(row['run']),
    createdAt: Number(row['created_at']),
    usedAt: Number(row['used_at']),
  };
}

export function readAged(row: Row): AgedArtifact {
  return { ...readArtifact(row), used: isTrue(row['used']), exempt: isTrue(row['exempt']) };
}

function isTrue(value: SqlValue | undefined): boolean {
  return Number(value) === 1;
}
