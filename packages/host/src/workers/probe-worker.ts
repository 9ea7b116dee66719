import { tempDir } from '@cadre/kit/files';
import type { Failure } from '@cadre/sdk';
import type { Sandbox } from '../ports/sandbox.ts';
import { loadPackage } from './registry.ts';
import { startWorker } from './start-worker.ts';

const TIMES = { startMs: 20_000, graceMs: 5_000 };

/** Starts the package in a folder of nothing, with no permission at all, and ends it. Answers what was wrong. */
export async function probeWorker(folder: string, sandbox: Sandbox): Promise<Failure | undefined> {
  const empty = await tempDir('probe');
  try {
    const nothing = { readable: [empty.path], writable: [], hidden: [], programs: [], hosts: [] };
    const around = { confinement: nothing, workspace: empty.path, dataDir: empty.path, env: {} };
    const started = await startWorker(loadPackage(folder), around, sandbox, TIMES);
    if (!started.ok) return started.failure;
    await started.output.stop();
    return undefined;
  } finally {
    await empty.remove();
  }
}
