import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { CadreError, nearest, type Workflow } from '@cadre/core';

const EXTENSIONS = ['.yaml', '.yml', '.json', '.ts', '.js', '.mjs'];
const MAX_BYTES = 1024 * 1024;

export interface WorkflowFile {
  readonly name: string;
  readonly path: string;
  /** `file`: named by its path · `workspace`: in `.cadre/workflows` · `built-in`: shipped with Cadre. */
  readonly origin: 'file' | 'workspace' | 'built-in';
}

/** Where workflows come from, nearest first. */
export interface WorkflowFolders {
  readonly workspace: string;
  readonly builtIn: string;
}

/** All workflows that can be run by name. The workspace's own hides a shipped one of the same name. */
export async function listWorkflows(folders: WorkflowFolders): Promise<readonly WorkflowFile[]> {
  const found = new Map<string, WorkflowFile>();
  for (const file of await inFolder(folders.builtIn, 'built-in')) found.set(file.name, file);
  for (const file of await inFolder(workspaceFolder(folders), 'workspace')) found.set(file.name, file);
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** A workflow by name or by path. Throws `workflow_not_found` with the nearest names. */
export async function findWorkflow(
  named: string,
  folders: WorkflowFolders,
  cwd: string,
): Promise<WorkflowFile> {
  if (named.includes('/') || EXTENSIONS.includes(extname(named))) {
    const path = resolve(cwd, named);
    const is = await stat(path).catch(() => undefined);
    if (is?.isFile() !== true)
      throw new CadreError('workflow_not_found', `there is no workflow file ${path}`);
    return { name: nameOf(path), path: await realpath(path), origin: 'file' };
  }
  const known = await listWorkflows(folders);
  const match = known.find((file) => file.name === named);
  if (match !== undefined) return match;
  const names = known.map((file) => file.name);
  const [likely] = nearest(named, names);
  throw new CadreError('workflow_not_found', `there is no workflow "${named}"`, {
    hint: likely === undefined ? `one of ${names.join(', ')}, or the path of a file` : `cadre run ${likely}`,
    details: { known: names },
  });
}

/** The text of a workflow file. Throws `invalid_workflow` for what cannot be one. */
export async function readWorkflowText(file: WorkflowFile): Promise<string> {
  const { size } = await stat(file.path);
  if (size > MAX_BYTES) {
    throw new CadreError(
      'invalid_workflow',
      `${file.path} has ${size} bytes; a workflow has at most ${MAX_BYTES}`,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file.path));
  } catch (cause) {
    throw new CadreError('invalid_workflow', `${file.path} is not UTF-8 text`, { cause });
  }
}

/** A shipped workflow as the build has parsed it and found it without a problem; undefined for every other. */
export async function readChecked(
  file: WorkflowFile,
  folders: WorkflowFolders,
): Promise<Workflow | undefined> {
  if (file.origin !== 'built-in') return undefined;
  const text = await readFile(join(folders.builtIn, '../checked', `${file.name}.json`), 'utf8').catch(
    () => undefined,
  );
  return text === undefined ? undefined : (JSON.parse(text) as Workflow);
}

function workspaceFolder(folders: WorkflowFolders): string {
  return join(folders.workspace, '.cadre/workflows');
}

async function inFolder(folder: string, origin: WorkflowFile['origin']): Promise<WorkflowFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && EXTENSIONS.includes(extname(entry.name)))
    .map((entry) => ({ name: nameOf(entry.name), path: join(folder, entry.name), origin }));
}

function nameOf(path: string): string {
  return basename(path, extname(path));
}
