import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** Folders of a repository in which its ecosystem installs the tools that it uses, nearest first. */
const WORKSPACE_TOOL_FOLDERS = ['node_modules/.bin', '.venv/bin', 'venv/bin', 'vendor/bin'];

/** Absolute path of a program: the workspace's own copy first, then PATH. Undefined when there is none. */
export async function findProgram(
  program: string,
  workspace: string,
  searchPath: string,
): Promise<string | undefined> {
  if (isAbsolute(program)) return (await isExecutable(program)) ? program : undefined;
  for (const folder of programFolders(workspace, searchPath)) {
    const path = join(folder, program);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/** Where programs are looked for, in this order. */
export function programFolders(workspace: string, searchPath: string): readonly string[] {
  return [
    ...WORKSPACE_TOOL_FOLDERS.map((folder) => join(workspace, folder)),
    ...searchPath.split(delimiter).filter((folder) => folder !== ''),
  ];
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
