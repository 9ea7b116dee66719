import { join } from 'node:path';
import type { Manifest } from '@cadre/sdk';
import type { Confinement, InstalledWorker } from '../ports/action-runner.ts';
import type { Installation } from '../ports/sandbox.ts';
import { folderIn, nodeCommand } from './node-command.ts';

/** How the code of a worker is run inside of its process. */
export type Strategy = NonNullable<Manifest['strategy']>;

export interface WorkerCommand {
  readonly command: readonly string[];
  /** What of the machine it takes. */
  readonly installed: readonly string[];
}

/** What the manifest says, unless the settings want it otherwise. A program is no module that could be loaded. */
export function strategyOf({ strategy = 'import' }: Manifest, wanted?: 'import' | 'thread'): Strategy {
  return strategy === 'program' ? strategy : (wanted ?? strategy);
}

export function workerCommand(
  worker: InstalledWorker,
  confinement: Confinement,
  strategy: Strategy,
  installation: Installation,
): WorkerCommand {
  if (strategy !== 'program') return nodeCommand(worker, confinement, strategy, installation);
  const folder = folderIn(installation, worker.folder);
  return { command: [join(folder, worker.manifest.entrypoint)], installed: [folder] };
}
