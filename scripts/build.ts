import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { checkWorkflow, parseManifest, parseWorkflow, unbuiltProblems } from '../packages/core/src/index.ts';
import { ConfigSchema } from '../packages/host/src/config.ts';
import { publishedSchema } from '../packages/kit/src/config/index.ts';
import type { Manifest } from '../packages/sdk/src/index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'packages/host/dist');
const workersSource = join(root, 'packages/workers/src');

/** Bundles that contain CommonJS need `require`; the long name cannot collide with a minified one. */
const banner = {
  js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
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

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  logLevel: 'error',
  external: ['@ast-grep/napi'],
  banner,
  plugins: [englishOnly],
};

/** Makes `packages/host/dist`: the command line, and each worker as a package of one file and its manifest. */
export async function buildAll(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  await build({
    ...common,
    entryPoints: ['main.ts', 'index.ts', 'workflow-process.ts'].map((file) =>
      join(root, 'packages/host/src', file),
    ),
    outdir: dist,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  });
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
  await cp(join(root, 'packages/host/workflows'), join(dist, 'workflows'), { recursive: true });
  await writeCheckedWorkflows(join(dist, 'workflows'), join(dist, 'checked'));
  await writeConfigSchema(join(dist, 'config-schema.json'));
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
