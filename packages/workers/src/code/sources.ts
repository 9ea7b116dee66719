import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ActionContext, ActionError, type Skipped } from '@cadre/sdk';
import { blobId } from '../tree/blob-id.ts';
import { type ListedEntry, listEntries } from '../tree/list-files.ts';
import { relativePath, resolveEntryInside, resolveInside } from '../tree/safe-path.ts';
import { type Attributes, readAttributes } from './attributes.ts';
import { inParallel } from './in-parallel.ts';
import { type CodeInput, only } from './input.ts';
import { type Language, languageOf } from './language.ts';
import { foldersAbove } from './scratch.ts';
import { foreignContent, foreignPath } from './untouched.ts';

/** A text file that may be worked on. */
export interface Source {
  /** Relative to the workspace. */
  readonly path: string;
  /** Git blob id of what it held when the work began. */
  readonly id: string;
  readonly language: Language | undefined;
  readonly attributes: Attributes;
}

export interface Sources {
  readonly sources: readonly Source[];
  /** Files that somebody may miss. */
  readonly skipped: readonly Skipped[];
  /** Everything in the folder, also what is not worked on. */
  readonly listed: readonly string[];
}

const MAX_BYTES = 1024 * 1024;
const AT_ONCE = 32;

/** Finds the files that the input means. */
export async function openSources(
  context: ActionContext,
  workspace: string,
  input: CodeInput,
): Promise<Sources> {
  await checkFolder(workspace, input.path ?? '.');
  const entries = await listEntries(context, { path: input.path ?? '.', exclude: input.exclude ?? [] });
  const files = entries.filter(({ kind }) => kind === 'file');
  const listed = files.map(({ path }) => path);
  const isWanted = await wanted(workspace, input);
  const own = files.filter(({ path }) => isWanted(path) && foreignPath(path) === undefined);
  const large = own.filter(({ bytes }) => bytes > MAX_BYTES);
  const small = own.filter(({ bytes }) => bytes <= MAX_BYTES);
  const attributes = await readAttributes(context, workspace, listed);
  const found = await inParallel(small, AT_ONCE, (entry) =>
    openSource(workspace, entry, attributes.get(entry.path) ?? {}),
  );
  const unreadable = found.filter((one) => one !== undefined && 'reason' in one);
  return {
    sources: found.filter((one) => one !== undefined && 'id' in one),
    skipped: [...large.map(tooLarge), ...unreadable],
    listed,
  };
}

async function checkFolder(workspace: string, path: string): Promise<void> {
  const found = await stat(await resolveInside(workspace, path)).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw new ActionError(
    found === undefined ? 'not_found' : 'invalid_input',
    found === undefined ? `there is no folder ${path}` : `${path} is a file`,
    { hint: 'give a folder as `path`; single files go into `paths`' },
  );
}

async function wanted(workspace: string, input: CodeInput): Promise<(path: string) => boolean> {
  const names = only(input.paths);
  if (names === undefined) return () => true;
  const paths = await Promise.all(
    [...names].map(async (name) => relativePath(workspace, await resolveEntryInside(workspace, name))),
  );
  const meant = new Set(paths.map((path) => (path === '.' ? '' : path)));
  return (path) => meant.has(path) || foldersAbove(path).some((folder) => meant.has(folder));
}

function tooLarge({ path, bytes }: ListedEntry): Skipped {
  return {
    tool: 'code',
    reason: 'too_large',
    message: `${path} has ${bytes} bytes; files over ${MAX_BYTES} are left alone`,
  };
}

async function openSource(
  workspace: string,
  { path }: ListedEntry,
  attributes: Attributes,
): Promise<Source | Skipped | undefined> {
  if (attributes.foreign) return undefined;
  const content = await readFile(join(workspace, path)).catch(() => undefined);
  if (content === undefined) {
    return { tool: 'code', reason: 'unreadable', message: `${path} cannot be read` };
  }
  if (foreignContent(path, content) !== undefined) return undefined;
  const language = languageOf(path, content.toString('utf8', 0, 200));
  return { path, id: blobId(content), language, attributes };
}
