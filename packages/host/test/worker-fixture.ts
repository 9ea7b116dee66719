import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { ActionCall } from '../src/ports/action-runner.ts';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), 'fixtures/workers');

export interface WorkerFixture {
  /** Folder with built packages, as Cadre's own are built. */
  readonly workers: string;
  readonly workspace: string;
  readonly dataDir: string;
  remove(): Promise<void>;
}

/** The fixture workers bundled into a folder of their own, with an empty workspace beside them. */
export async function workerFixture(...names: string[]): Promise<WorkerFixture> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'cadre-test-')));
  const places = {
    workers: join(root, 'workers'),
    workspace: join(root, 'workspace'),
    dataDir: join(root, 'data'),
  };
  for (const folder of Object.values(places)) await mkdir(folder);
  for (const name of names) await buildWorker(name, join(places.workers, name));
  return { ...places, remove: () => rm(root, { recursive: true, force: true }) };
}

/** One fixture worker as a package. */
export async function buildWorker(name: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await copyFile(join(fixtures, name, 'worker.yaml'), join(folder, 'worker.yaml'));
  // A program is what it is.
  if (existsSync(join(fixtures, name, 'main.sh')))
    return copyFile(join(fixtures, name, 'main.sh'), join(folder, 'main.sh'));
  await build({
    entryPoints: [join(fixtures, name, 'main.js')],
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    logLevel: 'error',
  });
}

/** A call of a fixture worker that may write in the workspace, run any program, and reach nobody. */
export function fixtureCall(
  { workspace, dataDir }: WorkerFixture,
  call: Partial<ActionCall> & Pick<ActionCall, 'worker' | 'version' | 'action' | 'input'>,
): ActionCall {
  return {
    confinement: { readable: [], writable: [workspace, dataDir], hidden: [], programs: ['*'], hosts: [] },
    workspace,
    dataDir,
    mode: 'apply',
    run: 'run',
    step: 'step',
    attempt: 1,
    idempotencyKey: 'key',
    config: {},
    env: {},
    ...call,
  };
}
