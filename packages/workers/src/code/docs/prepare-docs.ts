import { realpath, stat } from 'node:fs/promises';
import { join, normalize } from 'node:path/posix';
import { type ActionContext, ActionError, type Finding, type Skipped } from '@cadre/sdk';
import { readGit } from '../../tree/read-git.ts';
import { relativePath, resolveInside } from '../../tree/safe-path.ts';
import { findNear } from '../choose-tools.ts';
import { openFolder } from '../folder.ts';
import { only } from '../input.ts';
import { installCommand } from '../install-command.ts';
import { foldersAbove } from '../scratch.ts';
import { openSources } from '../sources.ts';
import { BUILT_IN } from '../tools/tools.ts';
import { buildPages } from './build-pages.ts';
import type { DocsInput } from './docs-input.ts';
import { type ConfiguredTool, configuredTools, DOCS_PROGRAMS } from './docs-tools.ts';
import { layOut, type Page, packagePage } from './lay-out.ts';
import { projectName } from './project-name.ts';
import type { Publication } from './publish-pages.ts';
import { isDocumentable, readModules } from './read-modules.ts';
import { runDocsTool } from './run-docs-tool.ts';
import { MANIFEST, manifestOf, readManifest } from './tool-manifest.ts';

const DEFAULT_OUTPUT = 'docs/api';
const FORMATS = ['html', 'markdown'] as const;

export interface PreparedDocs {
  readonly workspace: string;
  readonly publication: Publication;
  /** All modules, also those whose pages a tool makes: for the share of documented symbols. */
  readonly pages: readonly Page[];
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
  /** Who made the pages. */
  readonly makers: readonly string[];
  /** Folders that git ignores: they are told as a whole. */
  readonly ignored: readonly string[];
  readonly output: string;
}

interface Place {
  readonly workspace: string;
  /** Absolute and real: what is documented. */
  readonly root: string;
  /** `root` from the workspace; empty when it is the workspace. */
  readonly prefix: string;
  /** From `root`. */
  readonly output: string;
}

type InstalledTool = ConfiguredTool & { readonly found: string; readonly place: string };

/** Makes all pages without writing one of them into the workspace. */
export async function prepareDocs(context: ActionContext, input: DocsInput): Promise<PreparedDocs> {
  const place = await placeOf(context, input);
  const { workspace, root, prefix } = place;
  const selected = selectedTools(input);
  const { sources, listed } = await openSources(context, workspace, {
    path: input.path ?? '.',
    exclude: input.exclude ?? [],
  });
  const configured = (await configuredTools(root)).filter(({ name }) => selected(name));
  const { installed, missing } = await findTools(context, place, configured);
  const below = (path: string) => (prefix === '' ? path : path.slice(prefix.length + 1));
  const outputs = [place.output, ...installed.map((tool) => tool.place)];
  const isPage = (path: string) => outputs.some((folder) => path.startsWith(`${folder}/`));
  const own = sources.filter(
    (source) => isDocumentable(below(source.path), source.language) && !isPage(below(source.path)),
  );
  const read = await readModules(context, workspace, prefix, own);
  const pages = read.modules.map(layOut);

  const made = await runTools(context, place, installed, {
    strict: input.strict === true,
    generated: outputs,
  });
  const covered = new Set(installed.flatMap(({ covers }) => covers));
  const builtIn = selected(BUILT_IN) ? pages.filter(({ module }) => !covered.has(module.language)) : [];
  // Where a tool has the folder, the pages of other languages get one inside of it.
  const output = installed.some((tool) => tool.place === place.output)
    ? `${place.output}/${BUILT_IN}`
    : place.output;
  // What this step makes is told apart from what people write there, so that a second run finds the same.
  const written = new Set(sources.map((source) => below(source.path)));
  const generated = builtIn.flatMap(({ name }) => [`${output}/${name}.md`, `${output}/${name}.html`]);
  const exists = existence([
    ...listed.map(below).filter((path) => !isPage(path) || written.has(path)),
    ...generated,
    ...(builtIn.length > 0 ? [`${output}/index.md`, `${output}/index.html`] : []),
  ]);
  const name = await projectName(root);
  const built =
    builtIn.length === 0
      ? { files: new Map<string, Buffer>(), findings: [] }
      : buildPages(
          builtIn,
          { output, exists, ...(name === undefined ? {} : { name }) },
          input.formats ?? FORMATS,
        );

  const inWorkspace = (path: string) => (prefix === '' ? path : `${prefix}/${path}`);
  const files = new Map(
    [...made.files, ...built.files].map(([path, content]) => [inWorkspace(path), content]),
  );
  const unread = read.unread.flatMap((module) => [module, packagePage(module)]);
  const folders = [...new Set(outputs)];
  return {
    workspace,
    publication: {
      files,
      folders: selected(BUILT_IN) ? [inWorkspace(place.output)] : [],
      kept: new Set(
        unread.flatMap((one) => [`${output}/${one}.md`, `${output}/${one}.html`]).map(inWorkspace),
      ),
      made: await manifests(root, folders, inWorkspace),
    },
    pages,
    findings: [
      ...read.findings,
      ...[...made.findings, ...built.findings].map((one) => ({ ...one, file: inWorkspace(one.file) })),
    ],
    skipped: [...missing, ...read.skipped],
    makers: [...installed.map((tool) => tool.name), ...(builtIn.length > 0 ? [BUILT_IN] : [])],
    ignored: await ignoredFolders(context, root, folders, inWorkspace),
    output: inWorkspace(place.output),
  };
}

/** Throws `invalid_input` for a folder that is none, and `outside_root`. */
async function placeOf(context: ActionContext, input: DocsInput): Promise<Place> {
  const workspace = await realpath(context.workspace);
  const root = await resolveInside(workspace, input.path ?? '.');
  const output = normalize(input.output ?? DEFAULT_OUTPUT).replace(/\/$/, '');
  const target = await resolveInside(root, output);
  if (output === '.' || output.startsWith('/') || target !== join(root, output)) {
    throw new ActionError('invalid_input', `the pages cannot be written to ${output}`, {
      hint: 'give a folder below the documented one as `output`, without links on the way',
    });
  }
  if ((await stat(target).catch(() => undefined))?.isDirectory() === false) {
    throw new ActionError('invalid_input', `${output} is a file`, {
      hint: 'give another folder as `output`',
    });
  }
  const prefix = relativePath(workspace, root);
  return { workspace, root, prefix: prefix === '.' ? '' : prefix, output };
}

function selectedTools(input: DocsInput): (name: string) => boolean {
  const selected = only(input.tools);
  const known: readonly string[] = [...Object.keys(DOCS_PROGRAMS), BUILT_IN];
  const unknown = [...(selected ?? [])].filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new ActionError('invalid_input', `there is no generator ${unknown.join(', ')}`, {
      hint: `the generators are ${known.join(', ')}`,
    });
  }
  return (name) => selected?.has(name) ?? true;
}

async function findTools(
  context: ActionContext,
  { workspace, root, prefix, output }: Place,
  configured: readonly ConfiguredTool[],
): Promise<{ installed: InstalledTool[]; missing: Skipped[] }> {
  const installed: InstalledTool[] = [];
  const missing: Skipped[] = [];
  for (const tool of configured) {
    const found = await findNear(context, workspace, prefix, tool.program);
    if (found !== undefined) {
      installed.push({ ...tool, found, place: tool.output ?? output });
      continue;
    }
    const hint = await installCommand(context, await openFolder(root, ''), tool.install);
    missing.push({
      tool: tool.name,
      reason: 'tool_missing',
      message: `${tool.program} is not installed, although it is configured (${tool.reason}); the built-in generator stands in for it`,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  return { installed, missing };
}

async function runTools(
  context: ActionContext,
  { root }: Place,
  tools: readonly InstalledTool[],
  options: { readonly strict: boolean; readonly generated: readonly string[] },
): Promise<{ files: Map<string, Buffer>; findings: Finding[] }> {
  const files = new Map<string, Buffer>();
  const findings: Finding[] = [];
  for (const tool of tools) {
    const pages = await runDocsTool(context, root, tool, options);
    for (const [path, content] of pages.files) files.set(`${tool.place}/${path}`, content);
    if (pages.files.size > 0) files.set(`${tool.place}/${MANIFEST}`, manifestOf(pages.files));
    findings.push(...pages.findings);
  }
  return { files, findings };
}

async function manifests(
  root: string,
  folders: readonly string[],
  inWorkspace: (path: string) => string,
): Promise<Map<string, string>> {
  const lists = await Promise.all(
    folders.map(async (folder) =>
      [...(await readManifest(join(root, folder)))].map(
        ([path, id]) => [inWorkspace(`${folder}/${path}`), id] as const,
      ),
    ),
  );
  return new Map(lists.flat());
}

async function ignoredFolders(
  context: ActionContext,
  root: string,
  folders: readonly string[],
  inWorkspace: (path: string) => string,
): Promise<string[]> {
  if ((await context.find('git')) === undefined) return [];
  const ignored: string[] = [];
  for (const folder of folders) {
    const { code } = await readGit(context, root, ['check-ignore', '-q', `${folder}/index.html`], {
      // It refuses to take names literally, although it knows no patterns.
      env: { GIT_LITERAL_PATHSPECS: '0' },
    });
    if (code === 0) ignored.push(inWorkspace(folder));
  }
  return ignored;
}

/** Files as git lists them, and the folders that they are in. */
function existence(listed: readonly string[]): (path: string) => boolean {
  const there = new Set(listed.flatMap((path) => [path, ...foldersAbove(path)]));
  return (path) => there.has(path === '.' ? '' : path);
}
