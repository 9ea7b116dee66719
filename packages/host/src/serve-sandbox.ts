import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { dataDir } from '@cadre/kit/data';
import { APP } from './app-options.ts';
import { installationHere } from './installation.ts';
import { serveSandboxHost } from './sandboxes/remote/serve-sandbox-host.ts';

export interface SandboxToServe {
  readonly input: Readable;
  readonly output: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: in the data folder of this person. */
  readonly folder: string | undefined;
  readonly version: string;
  readonly signal: AbortSignal;
}

/** Starts workers for a Cadre on another machine, until the connection is over. */
export async function serveSandbox({ env, folder, ...served }: SandboxToServe): Promise<void> {
  await serveSandboxHost({
    ...served,
    environment: env,
    folder: folder ?? join(dataDir(APP, { env }), 'sandbox-host'),
    // In a box there is one folder for what is temporary, wherever it is outside.
    installation: { ...installationHere(), temporary: '/tmp' },
  });
}
