import { tempDir } from '@cadre/kit/files';
import type { Failure, JsonObject } from '@cadre/sdk';
import type { Sandbox, Tier } from '../ports/sandbox.ts';
import { loadPackage } from './load-worker.ts';
import { startWorker } from './start-worker.ts';
import { HOOK_LIMITS_MS } from './worker-hooks.ts';

const TIMES = { startMs: 20_000, graceMs: 5_000, hookMs: HOOK_LIMITS_MS };

/** Starts the package in a folder of nothing, with no permission at all, and ends it. Answers what was wrong. */
export async function probeWorker(
  folder: string,
  sandbox: Sandbox,
  config: JsonObject = {},
  tier: Tier = 'os',
): Promise<Failure | undefined> {
  const empty = await tempDir('probe');
  try {
    const nothing = { readable: [empty.path], writable: [], hidden: [], programs: [], hosts: [] };
    const around = {
      confinement: nothing,
      tier,
      workspace: empty.path,
      dataDir: empty.path,
      env: {},
      config,
    };
    const started = await startWorker(loadPackage(folder), around, sandbox, TIMES);
    if (!started.ok) return started.failure;
    await started.output.stop();
    return started.output.endFault;
  } finally {
    await empty.remove();
  }
}
