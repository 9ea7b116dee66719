import type { Failure, JsonObject } from '@cadre/sdk';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { Sandbox, Tier } from '../ports/sandbox.ts';
import { loadPackage } from './load-worker.ts';
import { probeWorker } from './probe-worker.ts';

/**
 * Tries what somebody else wrote before it is used: started once with the settings that it will have, in the tier that its calls will have. A
 * worker whose calls would be refused for want of one is not started, to be tried as little as by a call.
 */
export async function probeConfined(
  worker: Pick<InstalledWorker, 'folder' | 'signedBy'>,
  sandbox: Sandbox,
  tierFor: (worker: InstalledWorker) => Promise<Tier | undefined>,
  config: (worker: string) => JsonObject,
): Promise<Failure | undefined> {
  const { folder, signedBy } = worker;
  const loaded = loadPackage(folder);
  const tier = await tierFor({ ...loaded, ...(signedBy === undefined ? {} : { signedBy }) });
  return tier === undefined ? undefined : probeWorker(folder, sandbox, config(loaded.manifest.id), tier);
}
