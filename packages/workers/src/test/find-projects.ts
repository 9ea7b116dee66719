import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ActionContext, ActionError } from '@cadre/sdk';
import { findNear } from '../code/choose-tools.ts';
import { openFolder } from '../code/folder.ts';
import { foldersAbove } from '../code/scratch.ts';
import { foreignPath, isDelicate } from '../code/untouched.ts';
import { listFiles } from '../tree/list-files.ts';
import { relativePath, resolveInside } from '../tree/safe-path.ts';
import type { TestInput } from './input.ts';
import type { Project, Runner } from './runner.ts';
import { RUNNERS } from './runners/runners.ts';

/** A runner at home in a folder. */
export interface Found {
  readonly runner: Runner;
  readonly project: Project;
  readonly reason: string;
  /** Absolute program and the arguments that make it the runner; undefined when it is not installed. */
  readonly program: readonly [string, ...string[]] | undefined;
}

interface Candidate extends Omit<Found, 'program'> {
  readonly strong: boolean;
}

/** Files that make a folder one that may have tests of its own. */
const MARKERS =
  /(^|\/)(package\.json|pyproject\.toml|pytest\.ini|setup\.cfg|tox\.ini|requirements[^/]*\.txt|go\.mod|Cargo\.toml|(jest|vitest)\.config\.\w+)$/;
const HEAD_BYTES = 64 * 1024;
const ASKING_LIMIT_MS = 10_000;

/** All runners of all parts of a repository. Throws `invalid_input` for a runner that nobody knows. */
export async function findProjects(context: ActionContext, input: TestInput): Promise<Found[]> {
  const runners = RUNNERS.filter(({ name }) => input.runner === undefined || input.runner === name);
  if (runners.length === 0) {
    throw new ActionError('invalid_input', `there is no test runner ${input.runner}`, {
      hint: `the runners are ${RUNNERS.map(({ name }) => name).join(', ')}`,
    });
  }
  const projects = await openProjects(context, input.path ?? '.');
  const candidates = await Promise.all(
    runners.map(async (runner) => atHome(runner, await recognised(runner, projects))),
  );
  return Promise.all(
    candidates.flat().map(async ({ runner, project, reason }) => ({
      runner,
      project,
      reason,
      program: await programOf(context, runner, project),
    })),
  );
}

async function openProjects(context: ActionContext, path: string): Promise<Project[]> {
  const workspace = await realpath(context.workspace);
  const folder = await resolveInside(workspace, path);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw new ActionError('not_found', `there is no folder ${path}`);
  const top = relativePath(workspace, folder).replace(/^\.$/, '');
  const files = (await listFiles(context, { path })).filter((file) => foreignPath(file) === undefined);
  const marked = files
    .filter((file) => MARKERS.test(file) && !isDelicate(file))
    .map((file) => foldersAbove(file)[0] ?? '');
  const folders = [...new Set([top, ...marked])].toSorted((a, b) => a.length - b.length);
  return Promise.all(folders.map((one) => openProject(workspace, one, files)));
}

async function openProject(workspace: string, path: string, files: readonly string[]): Promise<Project> {
  const prefix = path === '' ? '' : `${path}/`;
  return {
    workspace,
    folder: await openFolder(workspace, path),
    files: files.filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length)),
    read: async (file) => {
      const content = await readFile(join(workspace, path, file)).catch(() => Buffer.alloc(0));
      return content.toString('utf8', 0, HEAD_BYTES);
    },
  };
}

async function recognised(runner: Runner, projects: readonly Project[]): Promise<Candidate[]> {
  const found = await Promise.all(
    projects.map(async (project) => {
      const evidence = await runner.recognise(project);
      return evidence && { runner, project, ...evidence };
    }),
  );
  return found.filter((one) => one !== undefined);
}

/**
 * The outermost folders that say themselves that they use the runner, else the outermost that might: a root that only
 * lists a runner among its dependencies is often not where it is configured.
 */
function atHome(runner: Runner, candidates: readonly Candidate[]): readonly Candidate[] {
  const strong = candidates.filter((candidate) => candidate.strong);
  const own = strong.length > 0 ? strong : candidates;
  if (runner.nests) return own;
  const paths = own.map(({ project }) => project.folder.path);
  return own.filter(({ project }) => {
    const path = project.folder.path;
    return path === '' || !foldersAbove(path).some((above) => paths.includes(above));
  });
}

async function programOf(
  context: ActionContext,
  runner: Runner,
  project: Project,
): Promise<Found['program']> {
  const program = await findNear(context, project.workspace, project.folder.path, runner.program);
  if (program !== undefined) return [program];
  const python =
    runner.module && (await findNear(context, project.workspace, project.folder.path, 'python3'));
  if (!runner.module || !python) return undefined;
  const asked = await context.exec(python, ['-c', `import ${runner.module}`], { timeoutMs: ASKING_LIMIT_MS });
  return asked.code === 0 ? [python, '-m', runner.module] : undefined;
}
