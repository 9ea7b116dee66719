import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Sandbox, SandboxOptions } from '../../../ports/sandbox.ts';
import { openContainerSandbox } from '../open-container-sandbox.ts';

export const run = promisify(execFile);
export const MIB = 1024 ** 2;
export const PATIENCE_MS = 60_000;

/** Somebody who is not root, where the tests run as root. */
const SOMEBODY = 1000;

/** A text that stands in the environment of this process, and must not get into a container. */
export const CANARY = `canary-${process.pid}`;
export const environment = { ...process.env, CANARY };

/** A folder with a workspace of somebody. */
export async function containerWorld() {
  const root = await mkdtemp(join(tmpdir(), 'cadre-contained-'));
  const workspace = join(root, 'workspace');
  await mkdir(workspace);
  await chmod(root, 0o755);
  if (process.getuid?.() === 0) await chown(workspace, SOMEBODY, SOMEBODY);
  return {
    root,
    workspace,
    open: (changes: Partial<Parameters<typeof openContainerSandbox>[0]> = {}): Sandbox =>
      openContainerSandbox({ workspace, environment, limits: { temporaryBytes: 16 * MIB }, ...changes }),
    optionsWith(
      changes: Partial<SandboxOptions> & Partial<SandboxOptions['confinement']> = {},
    ): SandboxOptions {
      const { readable = [], writable = [workspace], hidden = [], ...others } = changes;
      return {
        confinement: { readable, writable, hidden, programs: ['*'], hosts: [] },
        cwd: workspace,
        env: {},
        installed: [process.execPath],
        ...others,
      };
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export async function containersOf(filter: string): Promise<readonly string[]> {
  const { stdout } = await run('podman', ['ps', '--all', '--filter', filter, '--format', '{{.Names}}']);
  return stdout.split('\n').filter(Boolean);
}
