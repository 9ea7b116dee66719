import { CadreError } from '@cadre/core';
import type { Sandbox, Tier } from '../ports/sandbox.ts';
import { notConfigured } from './not-configured.ts';

/** Who starts programs in which tier; the plain process of tier 1 is what `os` is where the system offers nothing. */
export interface TierSandboxes {
  readonly os: Sandbox;
  readonly container?: Sandbox;
  readonly remote?: Sandbox;
}

/** One sandbox of several: a program is started by the one whose tier was asked for, and by no other. */
export function openSandboxes(sandboxes: TierSandboxes): Sandbox {
  const of = (tier: Tier): Sandbox | undefined => sandboxes[tier === 'process' ? 'os' : tier];
  return {
    probe: async (tier = 'os') => of(tier)?.probe(tier) ?? notConfigured(tier),
    async start(command, options) {
      const { tier = 'os' } = options;
      const sandbox = of(tier);
      if (sandbox !== undefined) return sandbox.start(command, options);
      const { missing, hint } = notConfigured(tier);
      throw new CadreError('no_sandbox', missing.join('; '), hint === undefined ? {} : { hint });
    },
    openProxy: sandboxes.os.openProxy,
    installation: async (tier = 'os') => of(tier)?.installation?.(tier),
    close: async () => {
      for (const sandbox of Object.values(sandboxes)) await sandbox.close?.();
    },
  };
}
