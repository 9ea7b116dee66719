import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { join as joinPath, normalize } from 'node:path/posix';
import type { Folder } from '../folder.ts';
import { openFolder } from '../folder.ts';
import type { Language } from '../language.ts';
import type { Install } from '../tools/tool.ts';

/** A generator of documentation that a repository has configured. */
export interface ConfiguredTool {
  readonly name: DocsToolName;
  readonly program: string;
  /** What shows that it is configured, in words. */
  readonly reason: string;
  /** Where its pages belong, relative to the documented folder; undefined when its settings do not say. */
  readonly output: string | undefined;
  /** Languages whose comments it reads as it is configured; the built-in generator takes the others. */
  readonly covers: readonly Language[];
  readonly install: Install;
  /** Pages go into `out`; `cache` is for what it wants to keep. */
  readonly arguments: (place: {
    out: string;
    cache?: string;
    strict: boolean;
    revision?: string;
  }) => readonly string[];
  /** Files of its own that say nothing and may differ each time. */
  readonly noise?: RegExp;
}

/** The programs behind the names that people use. */
export const DOCS_PROGRAMS = { typedoc: 'typedoc', sphinx: 'sphinx-build', mkdocs: 'mkdocs' } as const;
export type DocsToolName = keyof typeof DOCS_PROGRAMS;

const SPHINX_FOLDERS = ['docs', 'docs/source', 'doc', 'doc/source', ''];

/** The tools that the settings in the folder name, `root` being its absolute path. */
export async function configuredTools(root: string): Promise<ConfiguredTool[]> {
  const folder = await openFolder(root, '');
  const tools = [await typedoc(root, folder), await sphinx(root), await mkdocs(root, folder)];
  return tools.filter((tool) => tool !== undefined);
}

async function typedoc(root: string, folder: Folder): Promise<ConfiguredTool | undefined> {
  const file = folder.file('typedoc.json', 'typedoc.jsonc', 'typedoc.{js,cjs,mjs}', 'typedoc.config.*');
  const own = file?.includes('.json') ? settingsIn(await textOf(root, file)) : {};
  const inPackage = settingsIn(await textOf(root, 'package.json'))['typedocOptions'];
  const inCompiler = settingsIn(await textOf(root, 'tsconfig.json'))['typedocOptions'];
  const reason =
    file ??
    (inPackage === undefined ? undefined : '"typedocOptions" in package.json') ??
    (inCompiler === undefined ? undefined : '"typedocOptions" in tsconfig.json');
  if (reason === undefined) return undefined;
  const settings: Table = { ...table(inCompiler), ...table(inPackage), ...own };
  const isScripted = file !== undefined && !file.includes('.json');
  const hasRevision = isScripted || ['gitRevision', 'sourceLinkTemplate'].some((key) => key in settings);
  return {
    name: 'typedoc',
    program: DOCS_PROGRAMS.typedoc,
    reason,
    output: inside(outOf(settings)),
    covers: ['javascript', 'typescript'],
    install: { npm: 'typedoc' },
    arguments: ({ out, strict, revision }) => [
      '--out',
      out,
      '--logLevel',
      'Warn',
      ...(strict ? ['--treatWarningsAsErrors'] : []),
      ...(revision === undefined || hasRevision ? [] : ['--gitRevision', revision]),
    ],
  };
}

async function sphinx(root: string): Promise<ConfiguredTool | undefined> {
  for (const folder of SPHINX_FOLDERS) {
    const settings = await textOf(root, join(folder, 'conf.py'));
    // Any program may have a `conf.py`; Sphinx's names extensions, a theme or a project.
    if (!/^(extensions|project|html_theme|master_doc|root_doc)\s*(:[^=]+)?=/m.test(settings)) continue;
    const parent = folder.endsWith('/source')
      ? `${folder.slice(0, -'/source'.length)}/build`
      : joinPath(folder, '_build');
    return {
      name: 'sphinx',
      program: DOCS_PROGRAMS.sphinx,
      reason: joinPath(folder, 'conf.py'),
      output: `${parent}/html`,
      covers: /autodoc|autosummary|autoapi|autodoc2/.test(settings) ? ['python'] : [],
      install: { python: 'sphinx' },
      arguments: ({ out, cache, strict }) => [
        ...['-b', 'html', '-q'],
        ...(cache === undefined ? [] : ['-d', cache]),
        ...(strict ? ['-W', '--keep-going'] : []),
        folder === '' ? '.' : folder,
        out,
      ],
      noise: /^\.buildinfo(\.bak)?$|^\.doctrees\//,
    };
  }
  return undefined;
}

async function mkdocs(root: string, folder: Folder): Promise<ConfiguredTool | undefined> {
  const file = folder.file('mkdocs.yml', 'mkdocs.yaml');
  if (file === undefined) return undefined;
  // Its settings hold tags that only Python understands, so that no parser of YAML reads them all.
  const settings = await textOf(root, file);
  const site = /^site_dir:\s*(['"]?)([^'"#\n]+)\1/m.exec(settings)?.[2]?.trim() ?? 'site';
  return {
    name: 'mkdocs',
    program: DOCS_PROGRAMS.mkdocs,
    reason: file,
    output: inside(site),
    covers: /mkdocstrings/.test(settings) ? ['python'] : [],
    install: { python: 'mkdocs' },
    arguments: ({ out, strict }) => [
      'build',
      '--quiet',
      '--config-file',
      file,
      '--site-dir',
      out,
      ...(strict ? ['--strict'] : []),
    ],
  };
}

/** Undefined for a place outside of the folder, or the folder itself: nothing is written there. */
function inside(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const place = normalize(path).replace(/\/$/, '');
  return place === '.' || place.startsWith('..') || place.startsWith('/') ? undefined : place;
}

function outOf(settings: Table): string | undefined {
  const outputs = Array.isArray(settings['outputs']) ? settings['outputs'].map(table) : [];
  const out = outputs.find(({ name }) => name === 'html')?.['path'] ?? settings['out'];
  return typeof out === 'string' ? out : undefined;
}

async function textOf(root: string, path: string): Promise<string> {
  return readFile(join(root, path), 'utf8').catch(() => '');
}

type Table = Readonly<Record<string, unknown>>;

function table(value: unknown): Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {};
}

/** JSON as TypeScript's tools write it, with comments and commas at the end; empty when it is something else. */
function settingsIn(text: string): Table {
  const json = text
    .replace(/^\uFEFF/, '')
    .replace(/("(?:[^"\\]|\\.)*")|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (_, string?: string) => string ?? '')
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_, string?: string) => string ?? '');
  try {
    return table(JSON.parse(json));
  } catch {
    return {};
  }
}
