import { join } from 'node:path';
import { parseBytes } from '@cadre/kit/format';
import { VERSION } from './cli/version.ts';
import type { Config } from './config.ts';
import type { Sandbox } from './ports/sandbox.ts';
import { useLimits } from './use-limits.ts';

export interface RemotePlace {
  readonly workspace: string;
  /** Cadre's own folder for this workspace. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The sandbox of tier 4, where one is set up. Its parts are loaded when a worker needs it. */
export function openRemote(config: Config, place: RemotePlace): Sandbox | undefined {
  const { command, files, size } = config.sandbox.remote;
  if (command === undefined) return undefined;
  let opened: Promise<Sandbox> | undefined;
  const open = () => {
    opened ??= import('./sandboxes/remote/open-remote-sandbox.ts').then(({ openRemoteSandbox }) =>
      openRemoteSandbox({
        command,
        version: VERSION,
        workspace: place.workspace,
        folder: join(place.folder, 'remote'),
        environment: withoutCadre(place.environment),
        limits: useLimits(config),
        carried: { files, bytes: parseBytes(size) },
      }),
    );
    return opened;
  };
  return {
    probe: async (tier) => (await open()).probe(tier),
    start: async (program, options) => (await open()).start(program, options),
    openProxy: async (ask) => (await open()).openProxy(ask),
    installation: async (tier) => (await open()).installation?.(tier),
    close: async () => (await opened)?.close?.(),
  };
}

/** Whoever leads to another machine has no use for what is meant for Cadre, such as secrets. */
function withoutCadre(environment: RemotePlace['environment']): RemotePlace['environment'] {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('CADRE_')));
}
