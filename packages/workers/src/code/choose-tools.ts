import { join } from 'node:path';
import type { ActionContext, Skipped } from '@cadre/sdk';
import { type Folder, openFolder } from './folder.ts';
import { installCommand } from './install-command.ts';
import type { Language } from './language.ts';
import { foldersAbove } from './scratch.ts';
import type { Tool } from './tools/tool.ts';
import { TOOLS } from './tools/tools.ts';

/** A tool for some files of the repository. */
export interface Choice {
  readonly tool: Tool;
  /** The folder that chose it, nearest to the files: it runs there. */
  readonly folder: Folder;
  /** How the folder shows it, in words. */
  readonly reason: string;
  /** Absolute; undefined when it is not installed. */
  readonly program: string | undefined;
  readonly paths: readonly string[];
}

interface Candidate {
  readonly path: string;
  readonly language: Language | undefined;
}

const INSTALLED_PROGRAMS = ['node_modules/.bin', '.venv/bin', 'venv/bin'];

/** In the order of the tool table; a tool twice when two folders chose it. */
export async function chooseTools(
  context: ActionContext,
  workspace: string,
  candidates: readonly Candidate[],
): Promise<Choice[]> {
  const folders = await openFolders(workspace, candidates);
  const choices: Choice[] = [];
  for (const tool of TOOLS) {
    const paths = candidates.filter(({ language }) => language && tool.languages.includes(language));
    if (paths.length === 0) continue;
    const choosing = new Set([...folders.values()].filter((folder) => tool.chosen(folder) !== undefined));
    const grouped = Map.groupBy(paths, ({ path }) => nearest(choosing, folders, path));
    for (const [folder, group] of grouped) {
      const choice = await choiceOf(context, workspace, tool, folder, folders);
      if (choice !== undefined) choices.push({ ...choice, paths: group.map(({ path }) => path) });
    }
  }
  return choices;
}

/** What says that a chosen tool is not there, and how to get it. */
export async function missingTool(context: ActionContext, choice: Choice): Promise<Skipped> {
  const { tool, folder, reason, paths } = choice;
  const hint = await installCommand(context, folder, tool.install);
  return {
    tool: tool.name,
    reason: 'tool_missing',
    message: `${tool.program} is not installed; ${folder.path || 'the repository'} uses it (${reason}) for ${paths.length} files`,
    ...(hint === undefined ? {} : { hint }),
  };
}

async function openFolders(
  workspace: string,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<string, Folder>> {
  const paths = new Set(['', ...candidates.flatMap(({ path }) => foldersAbove(path))]);
  const folders = await Promise.all([...paths].map((path) => openFolder(workspace, path)));
  return new Map(folders.map((folder) => [folder.path, folder]));
}

/** The folder nearest to the file that chose the tool. */
function nearest(
  choosing: ReadonlySet<Folder>,
  folders: ReadonlyMap<string, Folder>,
  path: string,
): Folder | undefined {
  const above = foldersAbove(path).map((folder) => folders.get(folder));
  return above.find((folder) => folder !== undefined && choosing.has(folder));
}

async function choiceOf(
  context: ActionContext,
  workspace: string,
  tool: Tool,
  chosenBy: Folder | undefined,
  folders: ReadonlyMap<string, Folder>,
): Promise<Omit<Choice, 'paths'> | undefined> {
  const folder = chosenBy ?? folders.get('');
  if (folder === undefined) return undefined;
  const program = await findNear(context, workspace, folder.path, tool.program);
  if (chosenBy === undefined && !(tool.canonical && program)) return undefined;
  const reason = (chosenBy && tool.chosen(chosenBy)) ?? 'usual for the language';
  return { tool, folder, reason, program };
}

/** A package of a larger repository may have tools of its own, or use those of the folders above. */
export async function findNear(
  context: ActionContext,
  workspace: string,
  folder: string,
  program: string,
): Promise<string | undefined> {
  for (const above of foldersAbove(`${folder}/x`)) {
    for (const installed of INSTALLED_PROGRAMS) {
      const found = await context.find(join(workspace, above, installed, program));
      if (found !== undefined) return found;
    }
  }
  return context.find(program);
}
