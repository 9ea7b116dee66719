import { dirname, join, parse, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isInside } from '@cadre/kit/files';
import { DIST } from '../installation.ts';
import type { Confinement, InstalledWorker } from '../ports/action-runner.ts';
import type { Installation } from '../ports/sandbox.ts';

const HEAP_MIB = 1_024;

/** How a worker is started with the Node that runs Cadre, and what of the machine it needs for that. */
export function nodeCommand(
  worker: InstalledWorker,
  confinement: Confinement,
  strategy: 'import' | 'thread',
  installation: Installation,
): { readonly command: readonly string[]; readonly installed: readonly string[] } {
  const { node } = installation;
  const folder = folderIn(installation, worker.folder);
  /** What every worker may import. */
  const sdk = join(installation.dist, 'sdk');
  const installed = [node, folder, ...(worker.builtIn ? librariesOf(worker, installation) : [])];
  if (!worker.builtIn || strategy === 'thread') installed.push(sdk);
  const heap = worker.manifest.resources?.memoryMiB ?? HEAP_MIB;
  const entry = join(folder, worker.manifest.entrypoint);
  return {
    command: [
      node,
      `--max-old-space-size=${heap}`,
      // A signal that opens the debugger would let one worker take over another of the same user.
      '--disable-sigusr1',
      ...(strategy === 'thread' ? [] : permissionFlags(confinement, installed, installation.temporary)),
      ...(worker.builtIn ? [] : [`--import=${pathToFileURL(join(sdk, 'provide.js')).href}`]),
      ...(strategy === 'thread' ? [join(sdk, 'thread.js'), entry, String(heap)] : [entry]),
      ...(worker.arguments ?? []),
    ],
    installed,
  };
}

/** Of what came with Cadre the one there is used, wherever it lies. */
export function folderIn({ dist }: Installation, folder: string): string {
  return isInside(DIST, folder) ? join(dist, relative(DIST, folder)) : folder;
}

/** The libraries of Cadre itself that are not bundled (native ones) are found by Node in the folders above. */
function librariesOf({ folder }: InstalledWorker, { libraries }: Installation): readonly string[] {
  if (isInside(DIST, folder)) return libraries;
  const folders: string[] = [];
  for (let above = dirname(folder); above !== parse(above).root; above = dirname(above)) {
    folders.push(join(above, 'node_modules'));
  }
  return folders;
}

/**
 * A second fence, for workers that run no programs: Node itself refuses files and children. It does not bound the
 * network, and `node:sqlite` walks past it, so it is never the only fence. Worker threads stay forbidden by it, since they do not
 * inherit it: who computes in one has the first fence alone, which a worker of others is never started without.
 */
function permissionFlags(
  confinement: Confinement,
  installed: readonly string[],
  temporary: string,
): readonly string[] {
  if (confinement.programs.length > 0) return [];
  const readable = [...installed, ...confinement.readable, ...confinement.writable, temporary];
  const writable = [...confinement.writable, temporary];
  return [
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    ...writable.map((path) => `--allow-fs-write=${path}`),
  ];
}
