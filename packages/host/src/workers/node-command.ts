import { tmpdir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIST } from '../installation.ts';
import type { Confinement, InstalledWorker } from '../ports/action-runner.ts';

const HEAP_MIB = 1_024;

/** What every worker may import. */
const SDK = join(DIST, 'sdk');

/** How a worker is started with the Node that runs Cadre, and what of this machine it needs for that. */
export function nodeCommand(
  worker: InstalledWorker,
  confinement: Confinement,
): { readonly command: readonly string[]; readonly installed: readonly string[] } {
  const installed = [process.execPath, worker.folder, ...libraryFolders(worker)];
  if (!worker.builtIn) installed.push(SDK);
  const heap = worker.manifest.resources?.memoryMiB ?? HEAP_MIB;
  const entry = join(worker.folder, worker.manifest.entrypoint);
  return {
    command: [
      process.execPath,
      `--max-old-space-size=${heap}`,
      // A signal that opens the debugger would let one worker take over another of the same user.
      '--disable-sigusr1',
      ...permissionFlags(confinement, installed),
      ...(worker.builtIn ? [] : [`--import=${pathToFileURL(join(SDK, 'provide.js')).href}`]),
      entry,
      ...(worker.arguments ?? []),
    ],
    installed,
  };
}

/** The libraries of Cadre itself that are not bundled (native ones) are found by Node in the folders above. */
function libraryFolders(worker: InstalledWorker): readonly string[] {
  if (!worker.builtIn) return [];
  const folders: string[] = [];
  for (let folder = dirname(worker.folder); folder !== parse(folder).root; folder = dirname(folder)) {
    folders.push(join(folder, 'node_modules'));
  }
  return folders;
}

/**
 * A second fence, for workers that run no programs: Node itself refuses files and children. It does not bound the
 * network, and `node:sqlite` walks past it, so it is never the only fence. Worker threads stay forbidden: they could read
 * all of the current folder.
 */
function permissionFlags(confinement: Confinement, installed: readonly string[]): readonly string[] {
  if (confinement.programs.length > 0) return [];
  const readable = [...installed, ...confinement.readable, ...confinement.writable, tmpdir()];
  const writable = [...confinement.writable, tmpdir()];
  return [
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    ...writable.map((path) => `--allow-fs-write=${path}`),
  ];
}
