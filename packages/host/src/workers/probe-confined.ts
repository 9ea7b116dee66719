import type { Failure, JsonObject } from '@cadre/sdk';
import type { Sandbox } from '../ports/sandbox.ts';
import { loadPackage } from './load-worker.ts';
import { probeWorker } from './probe-worker.ts';

/**
 * Tries what somebody else wrote before it is used: started once with the settings that it will have, unless nothing confines it here. Then it
 * is not started, to be tried as little as by a call.
 */
export async function probeConfined(
  folder: string,
  sandbox: Sandbox,
  config: (worker: string) => JsonObject,
): Promise<Failure | undefined> {
  if ((await sandbox.probe()).level === 'advisory') return undefined;
  return probeWorker(folder, sandbox, config(loadPackage(folder).manifest.id));
}
