import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

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
  }
  await cp(join(root, 'packages/host/workflows'), join(dist, 'workflows'), { recursive: true });
}

if (import.meta.main) await buildAll();
