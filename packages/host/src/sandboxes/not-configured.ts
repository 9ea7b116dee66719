import type { SandboxReport, Tier } from '../ports/sandbox.ts';

/** Of a tier for which nothing is set up here. */
export function notConfigured(tier: Tier): SandboxReport {
  const { missing, hint } = WAYS[tier === 'remote' ? 'remote' : 'container'];
  return { level: 'advisory', mechanism: 'none', missing: [missing], hint };
}

const WAYS = {
  container: {
    missing: 'nothing here starts workers in containers',
    hint: 'install podman or docker: see tier 3 in docs/guide/sandboxing.md',
  },
  remote: {
    missing: 'there is no other machine that workers could be started on',
    hint: 'see tier 4 in docs/guide/sandboxing.md',
  },
} as const;
