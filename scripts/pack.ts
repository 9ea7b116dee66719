import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAll } from './build.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const host = join(root, 'packages/host');
const out = join(root, 'packages/host/dist-package');

/**
 * Makes the package that users install: all libraries are in the bundle, except those with native parts, which stay
 * dependencies. Answers the path of the archive.
 */
export async function packAll(): Promise<string> {
  await buildAll();
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  for (const part of ['bin', 'dist']) await cp(join(host, part), join(out, part), { recursive: true });
  for (const file of ['README.md', 'LICENSE']) await cp(join(root, file), join(out, file));
  const { devDependencies: _, ...manifest } = JSON.parse(await readFile(join(host, 'package.json'), 'utf8'));
  const workers = JSON.parse(await readFile(join(root, 'packages/workers/package.json'), 'utf8'));
  const native = { '@ast-grep/napi': workers.dependencies['@ast-grep/napi'] };
  const published = { ...manifest, dependencies: native };
  await writeFile(join(out, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', out], { cwd: out, encoding: 'utf8' }));
  return join(out, packed.filename);
}

if (import.meta.main) process.stdout.write(`${await packAll()}\n`);
