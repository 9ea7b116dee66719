import { lstat, mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { contentVersion, isKitError, writeAtomic } from '@cadre/kit/files';
import {
  type ActionContext,
  ActionError,
  type Change,
  type Effect,
  type Finding,
  type Skipped,
} from '@cadre/sdk';
import { blobId } from '../../tree/blob-id.ts';
import { byCodeUnits } from '../../tree/list-files.ts';
import { resolveEntryInside } from '../../tree/safe-path.ts';
import { unifiedDiff } from '../unified-diff.ts';
import { MARK } from './site.ts';

/**
 * Brings generated files into the workspace.
 * Invariants:
 * 1. Only a file that was generated is replaced or removed: it begins with the mark, or the list of files that tools
 *    made holds its very content. Whatever else stands there stays, and is told.
 * 2. What holds the same, line ends aside, is not written.
 * 3. Nothing is written through a link. A file is replaced as a whole or not at all.
 */

export interface Publication {
  /** By path relative to the workspace. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Folders in which generated files that are not among `files` are removed. */
  readonly folders: readonly string[];
  /** Not to be removed, although they are not among `files`. */
  readonly kept: ReadonlySet<string>;
  /** Blob ids of what tools made before, by path. */
  readonly made: ReadonlyMap<string, string>;
}

export interface Prepared {
  readonly steps: readonly PublicationStep[];
  readonly findings: readonly Finding[];
}

export interface PublicationStep {
  readonly path: string;
  readonly before: Buffer | undefined;
  /** Absent for a file that is to be removed. */
  readonly after?: Buffer;
}

/** Of a page in Markdown, of one in HTML, and of the list of what a tool made. */
const BEGINNINGS = [`<!-- ${MARK} -->`, `<!DOCTYPE html>\n<!-- ${MARK} -->`, `{\n  "//": "${MARK}"`];

/** Compares with what is there; writes nothing. */
export async function preparePublication(workspace: string, publication: Publication): Promise<Prepared> {
  const steps: PublicationStep[] = [];
  const findings: Finding[] = [];
  for (const [path, after] of [...publication.files].sort(([a], [b]) => byCodeUnits(a, b))) {
    const found = await look(workspace, path);
    if (
      found === 'other' ||
      (found !== undefined && !isOurs(path, found, publication) && !sameText(found, after))
    ) {
      findings.push(inTheWay(path));
    } else if (found === undefined || !sameText(found, after)) {
      steps.push({ path, before: found, after });
    }
  }
  const there = new Set([
    ...(await Promise.all(publication.folders.map((one) => filesBelow(workspace, one)))).flat(),
    ...publication.made.keys(),
  ]);
  for (const path of [...there].sort(byCodeUnits)) {
    if (publication.files.has(path) || publication.kept.has(path)) continue;
    const found = await look(workspace, path);
    if (found === undefined) continue;
    if (found !== 'other' && isOurs(path, found, publication)) steps.push({ path, before: found });
    else if (!publication.made.has(path) || found === 'other') findings.push(handWritten(path));
    else findings.push(inTheWay(path));
  }
  return { steps, findings };
}

/** Writes and removes. `tell` hears of each change, with its difference where it is text. */
export async function publish(
  context: ActionContext,
  workspace: string,
  steps: readonly PublicationStep[],
  tell: (effect: Effect) => void,
): Promise<{ readonly changes: readonly Change[]; readonly skipped: readonly Skipped[] }> {
  const changes: Change[] = [];
  const skipped: Skipped[] = [];
  for (const step of steps) {
    if (context.signal.aborted)
      throw new ActionError('cancelled', 'the call was cancelled; no file is half written');
    const { path, before, after } = step;
    const refused = context.mode === 'apply' ? await perform(workspace, step) : undefined;
    if (refused !== undefined) {
      skipped.push(refused);
      continue;
    }
    const change = after === undefined ? 'deleted' : before === undefined ? 'created' : 'modified';
    const diff =
      isText(before) && isText(after)
        ? unifiedDiff(path, before ?? Buffer.alloc(0), after ?? Buffer.alloc(0))
        : undefined;
    tell({
      kind: 'file',
      change,
      path,
      bytes: (after ?? before)?.length ?? 0,
      ...(diff === undefined ? {} : { diff }),
    });
    changes.push({ path, change, before: before === undefined ? null : blobId(before) });
  }
  return { changes, skipped };
}

function isOurs(path: string, content: Buffer, { made }: Publication): boolean {
  return (
    hasMark(content) || [blobId(content), blobId(withoutReturns(content))].includes(made.get(path) ?? '')
  );
}

function hasMark(content: Buffer): boolean {
  const head = content.toString('utf8', 0, 200).replaceAll('\r\n', '\n');
  return BEGINNINGS.some((beginning) => head.startsWith(beginning));
}

/** Git may have turned the line ends; that is no change. */
function sameText(found: Buffer, content: Buffer): boolean {
  return found.equals(content) || withoutReturns(found).equals(content);
}

function withoutReturns(content: Buffer): Buffer {
  return content.includes(13) && isText(content)
    ? Buffer.from(content.toString('utf8').replaceAll('\r\n', '\n'))
    : content;
}

function isText(content: Buffer | undefined): boolean {
  return content === undefined || !content.subarray(0, 8000).includes(0);
}

/** Undefined where nothing is; `other` for a folder, a link or what lies behind one. */
async function look(workspace: string, path: string): Promise<Buffer | 'other' | undefined> {
  const expected = join(workspace, path);
  const real = await resolveEntryInside(workspace, path).catch(() => undefined);
  if (real !== expected) return 'other';
  const found = await lstat(expected).catch(() => undefined);
  if (found === undefined) return (await hasFileAbove(workspace, path)) ? 'other' : undefined;
  return found.isFile() ? readFile(expected) : 'other';
}

/** A file where a folder would have to be. */
async function hasFileAbove(workspace: string, path: string): Promise<boolean> {
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    const found = await lstat(join(workspace, folder)).catch(() => undefined);
    if (found !== undefined) return !found.isDirectory();
  }
  return false;
}

async function filesBelow(workspace: string, folder: string): Promise<string[]> {
  const root = join(workspace, folder);
  if (!(await lstat(root).catch(() => undefined))?.isDirectory()) return [];
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(workspace.length + 1)
        .replaceAll('\\', '/'),
    );
}

async function perform(
  workspace: string,
  { path, before, after }: PublicationStep,
): Promise<Skipped | undefined> {
  const target = join(workspace, path);
  try {
    const now = await look(workspace, path);
    const isSame = before === undefined ? now === undefined : Buffer.isBuffer(now) && now.equals(before);
    if (!isSame) return changedMeanwhile(path);
    if (after === undefined) {
      await rm(target);
      await removeEmpty(workspace, dirname(path));
    } else {
      await mkdir(dirname(target), { recursive: true });
      await writeAtomic(target, after, { ifVersion: before === undefined ? null : contentVersion(before) });
    }
    return undefined;
  } catch (error) {
    if (isKitError(error) && error.code === 'changed_meanwhile') return changedMeanwhile(path);
    if (isKitError(error) && error.code === 'not_writable') {
      return { tool: 'docs', reason: error.code, message: error.message };
    }
    throw error;
  }
}

/** Folders that are left with nothing in them; the first that has something ends it. */
async function removeEmpty(workspace: string, folder: string): Promise<void> {
  for (let one = folder; one !== '.'; one = dirname(one)) {
    try {
      await rmdir(join(workspace, one));
    } catch {
      return;
    }
  }
}

function changedMeanwhile(path: string): Skipped {
  return {
    tool: 'docs',
    reason: 'changed_meanwhile',
    message: `${path} was changed while the documentation was made; it is left as it is now`,
    hint: 'run it again',
  };
}

function inTheWay(file: string): Finding {
  return {
    tool: 'docs',
    rule: 'in-the-way',
    severity: 'medium',
    confidence: 'high',
    file,
    message:
      'this file was not generated, or was edited since, and stays as it is; a generated page belongs here',
    fix: 'move it away, or give another `output`',
  };
}

function handWritten(file: string): Finding {
  return {
    tool: 'docs',
    rule: 'hand-written',
    severity: 'info',
    confidence: 'high',
    file,
    message: 'this file among the generated pages was not generated, and stays as it is',
  };
}
