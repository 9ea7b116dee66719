import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { checkWorkflow, parseManifest, parseWorkflow, unbuiltProblems } from '../packages/core/src/index.ts';
import { ConfigSchema } from '../packages/host/src/config.ts';
import { makeSqliteSeal } from '../packages/host/src/stores/make-sqlite-seal.ts';
import { publishedSchema } from '../packages/kit/src/config/index.ts';
import type { Manifest } from '../packages/sdk/src/index.ts';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'packages/host/dist');
const workersSource = join(root, 'packages/workers/src');

/** Bundles that contain CommonJS need `require`; it is made when it is called, which most never are. */
const banner = {
  js: "const require = (name) => process.getBuiltinModule('node:module').createRequire(import.meta.url)(name);",
};

/** zod brings its messages in all languages, 350 kB that would be read at every start; ours are English. */
const englishOnly: Plugin = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/**
 * Node's own modules are fetched from the process instead of being imported: an `import` reads every export of the module,
 * and some of them load half of Node (4 ms for `node:fs`, 10 for `node:process`). Cryptography (6 ms) and child processes
 * (5 ms) are not even fetched before one of their functions is called.
 */
const LATE = new Set(['node:crypto', 'node:child_process']);

const fetchedBuiltins: Plugin = {
  name: 'fetched-builtins',
  setup({ onResolve, onLoad }) {
    // Each importer has a copy of its own, so that no further file must be read for it.
    onResolve({ filter: /^node:/ }, ({ path, kind, importer }) =>
      kind === 'import-statement' ? { path: `${path}?${importer}`, namespace: 'builtin' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => {
      const [name = ''] = path.split('?');
      return { contents: fetching(name, LATE.has(name)) };
    });
  },
};

/** A module with the exports of a builtin, each marked as pure: what nobody imports is dropped and never read. */
function fetching(path: string, isLate: boolean): string {
  const exports = Object.entries(process.getBuiltinModule(path) ?? {}).filter(([name]) => name !== 'default');
  const named = exports.map(([name, value]) => {
    const late = isLate && typeof value === 'function' && /^[a-z]/.test(name);
    return `export const ${name} = /* @__PURE__ */ ${late ? `late(${JSON.stringify(name)})` : `(() => fetch().${name})()`};`;
  });
  return `const fetch = () => process.getBuiltinModule(${JSON.stringify(path)});
// A function that stands for the real one, with all that it carries: promisify asks for more than the call.
const late = (name) => new Proxy(() => undefined, {
  apply: (_, self, given) => fetch()[name](...given),
  get: (_, key) => fetch()[name][key],
});
export default /* @__PURE__ */ ${isLate ? 'new Proxy({}, { get: (_, name) => fetch()[name] })' : 'fetch()'};
${named.join('\n')}`;
}

/** The library for MCP checks schemas with code that it makes of them, unless it is told to walk through them. */
const walkedSchemas: Plugin = {
  name: 'walked-schemas',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]@modelcontextprotocol[/\\].*[/\\]shimsNode\.mjs$/, namespace: 'file' }, () => ({
      contents: `export { CfWorkerJsonSchemaValidator as DefaultJsonSchemaValidator } from './validators/cfWorker.mjs';
export { default as process } from 'node:process';
export const CORS_IS_POSSIBLE = false;`,
    }));
  },
};

const plugins = [englishOnly, walkedSchemas, fetchedBuiltins];

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  define: { CADRE_SQLITE_SEAL: JSON.stringify(makeSqliteSeal()) },
  legalComments: 'linked',
  logLevel: 'error',
  external: ['@ast-grep/napi'],
  banner,
  plugins,
};

/** What is loaded when it is first needed: the files that the command line imports so, by the name they are built under. */
type Parts = Map<string, string>;

/** Leaves what is imported late out of a bundle, and notes it. */
function noteParts(parts: Parts): Plugin {
  return {
    name: 'parts',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /./ }, async ({ path, kind, resolveDir, pluginData }) => {
        if (kind !== 'dynamic-import' || path.startsWith('node:') || pluginData === 'part') return undefined;
        const found = await resolve(path, { kind: 'import-statement', resolveDir, pluginData: 'part' });
        if (found.errors.length > 0) return { errors: found.errors };
        const inside = relative(root, found.path).split(sep);
        const name = inside
          .slice(-3)
          .join('-')
          .replace(/\.\w+$/, '');
        parts.set(name, found.path);
        return { path: `./parts/${name}.js`, external: true };
      });
    },
  };
}

/**
 * The command line in one file, because to open a file takes longer than to read much of one, and the parts that it loads
 * when they are needed, split so that they share what they have in common. Answers what is in the one file.
 */
export async function buildCommandLine(write: boolean): Promise<{ metafile: Metafile; parts: Parts }> {
  const parts: Parts = new Map();
  const source = (file: string) => join(root, 'packages/host/src', file);
  const { metafile } = await build({
    ...common,
    absWorkingDir: root,
    plugins: [noteParts(parts), ...plugins],
    entryPoints: [source('main.ts')],
    outfile: join(dist, 'main.js'),
    metafile: true,
    write,
  });
  if (write) {
    await build({
      ...common,
      entryPoints: {
        ...Object.fromEntries([...parts].map(([name, file]) => [`parts/${name}`, file])),
        index: source('index.ts'),
        'workflow-process': source('workflow-process.ts'),
      },
      outdir: dist,
      splitting: true,
      chunkNames: 'chunks/[name]-[hash]',
    });
  }
  return { metafile, parts };
}

/** One program in one file, built as the product is, with lines that can be read. */
export async function bundle(entry: string, outfile: string): Promise<void> {
  await build({ ...common, minifyWhitespace: false, entryPoints: [entry], outfile });
}

/** Makes `packages/host/dist`: the command line, and each worker as a package of one file and its manifest. */
export async function buildAll(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  await buildCommandLine(true);
  for (const entry of await readdir(workersSource, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(workersSource, entry.name);
    const files = await readdir(folder);
    if (!files.includes('worker.yaml')) continue;
    const out = join(dist, 'workers', entry.name);
    await build({ ...common, entryPoints: [join(folder, 'main.ts')], outdir: out });
    await cp(join(folder, 'worker.yaml'), join(out, 'worker.yaml'));
    await writeChecked(join(folder, 'worker.yaml'), join(out, 'worker.checked.json'));
  }
  await build({
    ...common,
    entryPoints: [join(workersSource, 'mcp-bridge/main.ts')],
    outdir: join(dist, 'mcp-bridge'),
  });
  await buildSdk();
  await cp(join(root, 'packages/host/templates'), join(dist, 'templates'), { recursive: true });
  await cp(join(root, 'packages/host/workflows'), join(dist, 'workflows'), { recursive: true });
  await writeCheckedWorkflows(join(dist, 'workflows'), join(dist, 'checked'));
  await writeConfigSchema(join(dist, 'config-schema.json'));
}

/** What workers of others import as `@cadre/sdk`: they need not bring it along, and speak the protocol of this Cadre. */
async function buildSdk(): Promise<void> {
  const source = (file: string) => join(root, 'packages/sdk/src', file);
  await build({
    ...common,
    banner: {},
    plugins: [],
    entryPoints: {
      index: source('index.ts'),
      worker: source('worker.ts'),
      testing: source('testing.ts'),
      provide: join(root, 'packages/host/src/workers/provide-sdk.ts'),
      thread: join(root, 'packages/host/src/workers/run-in-thread.ts'),
    },
    outdir: join(dist, 'sdk'),
    splitting: true,
  });
}

/** Manifests in the box are read and checked here once, and not at every start: that took a third of it. */
async function writeChecked(manifest: string, out: string): Promise<void> {
  const parsed = parseManifest(await readFile(manifest, 'utf8'));
  if (!parsed.ok) throw new Error(`${manifest}: ${parsed.problems.map(({ message }) => message).join('; ')}`);
  await writeFile(out, JSON.stringify(parsed.manifest));
}

/** What the configuration's schema says, which takes as long to find out as reading the files. */
async function writeConfigSchema(out: string): Promise<void> {
  await writeFile(out, JSON.stringify(publishedSchema(ConfigSchema)));
}

/** So are the workflows, against those manifests. One that is not clean is a mistake of ours, and no build. */
async function writeCheckedWorkflows(folder: string, out: string): Promise<void> {
  const manifests = new Map<string, Manifest>();
  for (const id of await readdir(join(dist, 'workers'))) {
    const text = await readFile(join(dist, 'workers', id, 'worker.checked.json'), 'utf8');
    manifests.set(id, JSON.parse(text));
  }
  const find = (uses: string) => {
    const [id = '', name] = uses.split('/');
    return manifests.get(id)?.actions.find((action) => action.name === name);
  };
  await mkdir(out, { recursive: true });
  for (const file of await readdir(folder)) {
    const parsed = parseWorkflow(await readFile(join(folder, file), 'utf8'), { file });
    const found = parsed.ok
      ? [
          ...parsed.problems,
          ...checkWorkflow(parsed.workflow, { find, names: () => [] }),
          ...unbuiltProblems(parsed.workflow),
        ]
      : parsed.problems;
    if (!parsed.ok || found.length > 0)
      throw new Error(`${file}: ${found.map(({ message }) => message).join('; ')}`);
    await writeFile(join(out, file.replace(/\.yaml$/, '.json')), JSON.stringify(parsed.workflow));
  }
}

if (import.meta.main) await buildAll();
