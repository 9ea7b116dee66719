import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Which package may import which, and which libraries each may name: every library has one door. */
const PACKAGES: Record<string, readonly string[]> = {
  sdk: [],
  kit: ['croner', 'ignore', 'picomatch', 'smol-toml', 'yaml', 'zod'],
  core: [
    '@cadre/sdk',
    '@cfworker/json-schema',
    '@marcbachmann/cel-js',
    'immutable',
    'picomatch',
    're2js',
    'semver',
    'yaml',
    'zod',
  ],
  workers: [
    '@cadre/sdk',
    '@cadre/kit',
    '@ast-grep/napi',
    '@lezer/common',
    '@lezer/go',
    '@lezer/python',
    '@modelcontextprotocol/client',
    'diff',
    'fast-xml-parser',
    'ignore',
    'marked',
    'picomatch',
    'semver',
    'smol-toml',
    'tar-stream',
    'yaml',
  ],
  web: ['@cadre/core', '@cadre/sdk'],
};

const OURS = ['@cadre/core', '@cadre/sdk', '@cadre/kit'];

/** Who may import whom inside host. A folder may always import itself, Node and the packages below it. */
const FOLDERS: Record<string, readonly string[]> = {
  ports: [],
  engine: ['ports'],
  bench: ['ports', 'stores'],
  signing: [],
  config: ['zod'],
  gate: ['ports', 'signing', 'diff', 'picomatch'],
  bus: ['ports', '@redis/client'],
  inbox: ['ports', 'engine'],
  logins: ['ports', 'personal-entries.ts', 'zod', '@modelcontextprotocol/client'],
  resources: ['ports'],
  stores: ['ports', 'pg'],
  dispatch: ['ports', 'pg-boss'],
  workers: ['ports', 'signing', 'installation.ts', 'zod', 'semver', 'tar-stream', 'yauzl'],
  sandboxes: ['ports', 'zod'],
  snapshots: ['ports'],
  watching: ['ports', 'chokidar', 'picomatch'],
  undo: ['ports', 'engine'],
  upkeep: ['ports', 'engine'],
  // Edges know the doers' verbs through the composition root.
  cli: [
    'bus',
    'ports',
    'engine',
    'undo',
    'inbox',
    'upkeep',
    'bench',
    'data-restore.ts',
    'open-trust.ts',
    'serve-sandbox.ts',
    'wanted-trust.ts',
    'http',
    'mcp',
    'resources',
    'app.ts',
    'app-options.ts',
    'config.ts',
    'published-schemas.ts',
    'commander',
    '@clack/prompts',
    'picocolors',
    'zod',
  ],
  http: [
    'bus',
    'ports',
    'engine',
    'undo',
    'inbox',
    'upkeep',
    'app.ts',
    'hono',
    '@hono/node-server',
    'prom-client',
  ],
  mcp: ['ports', 'engine', 'resources', 'app.ts', 'call-alone.ts', '@modelcontextprotocol/server'],
  // What CI promises to install stands in one list for all tests.
  testing: ['clock.ts', 'ports', 'scripts/installed-program.ts', 'data-restore.ts'],
};

const FORBIDDEN_IN_CORE = [
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bMath\.random\b/,
  /\bprocess\./,
  /\bconsole\./,
];
const FORBIDDEN_NAMES =
  /(^|\/)(utils?|helpers?|common|shared|misc|managers?|services?|handlers?|base|impl|types)(\.ts$|\/)/;

function sources(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path).split(sep).join('/'))
    .filter((path) => path.endsWith('.ts') && !path.includes('/fixtures/') && !path.includes('node_modules'));
}

const isTest = (path: string) => /\.(test|contract)\.ts$/.test(path) || path.includes('/testing/');

function imports(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  const found = text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)['"]([^'"]+)['"]/gm);
  return [...found].map((match) => match[1] ?? '');
}

/** `@cadre/kit/files` and `yaml/dist` are one library each; relative imports become paths from the root. */
function target(path: string, specifier: string): string {
  if (specifier.startsWith('.'))
    return relative(root, join(root, dirname(path), specifier))
      .split(sep)
      .join('/');
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

const isNode = (name: string) => name.startsWith('node:') || builtinModules.includes(name);

function strangersOfPackage(name: string, allowed: readonly string[]): string[] {
  const folder = `packages/${name}/src`;
  return sources(folder)
    .filter((path) => !isTest(path))
    .flatMap((path) =>
      imports(path)
        .map((specifier) => target(path, specifier))
        .filter(
          (to) => !to.startsWith(`${folder}/`) && !allowed.includes(to) && !(isNode(to) && name !== 'core'),
        )
        .map((to) => `${path} imports ${to}`),
    );
}

function strangersOfFolder(folder: string, allowed: readonly string[]): string[] {
  const home = `packages/host/src/${folder}`;
  return sources(home)
    .filter((path) => !isTest(path) || folder === 'testing')
    .flatMap((path) =>
      imports(path)
        .map((specifier) => target(path, specifier))
        .map((to) => to.replace(/^packages\/host\/src\//, ''))
        .filter((to) => !isNode(to) && !OURS.includes(to))
        .filter((to) => to !== folder && !to.startsWith(`${folder}/`))
        .filter((to) => !allowed.some((name) => to === name || to.startsWith(`${name}/`)))
        .map((to) => `${path.replace('packages/host/src/', '')} imports ${to}`),
    );
}

describe('the walls', () => {
  test.each(Object.entries(PACKAGES))('package %s imports only what it may', (name, allowed) => {
    expect(strangersOfPackage(name, allowed)).toEqual([]);
  });

  test.each(Object.entries(FOLDERS))('host/%s imports only what it may', (folder, allowed) => {
    expect(strangersOfFolder(folder, allowed)).toEqual([]);
  });

  test('every folder of host stands in the table', () => {
    const folders = readdirSync(join(root, 'packages/host/src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .filter((name) => sources(`packages/host/src/${name}`).length > 0);
    expect(folders.filter((name) => !(name in FOLDERS))).toEqual([]);
  });

  test('core knows no clock, no chance, no process', () => {
    const breaches = sources('packages/core/src')
      .filter((path) => !isTest(path))
      .flatMap((path) => {
        const text = readFileSync(join(root, path), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
        return FORBIDDEN_IN_CORE.filter((pattern) => pattern.test(text)).map(
          (pattern) => `${path}: ${pattern}`,
        );
      });
    expect(breaches).toEqual([]);
  });

  test('no file is named after nothing in particular', () => {
    const names = ['sdk', 'core', 'kit', 'workers', 'host', 'web'].flatMap((name) =>
      sources(`packages/${name}/src`).map((path) => path.replace(/^packages\/[^/]+\/src\//, '')),
    );
    // `host/workers` and `packages/workers` are nouns of Cadre.
    expect(names.filter((path) => FORBIDDEN_NAMES.test(path))).toEqual([]);
  });

  test('nothing in the product evaluates text as code', () => {
    const breaches = ['sdk', 'core', 'kit', 'workers', 'host']
      .flatMap((name) => sources(`packages/${name}/src`))
      .filter((path) => !isTest(path))
      .filter((path) =>
        /(^|[^\w.'"`])(eval\(|new Function\()|['"]node:vm['"]/m.test(readFileSync(join(root, path), 'utf8')),
      );
    expect(breaches).toEqual([]);
  });
});
