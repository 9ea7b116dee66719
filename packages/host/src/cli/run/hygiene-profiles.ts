import type { JsonObject, JsonValue } from '@cadre/sdk';

/** A named choice of steps, their order, settings and policies. */
export interface Profile {
  readonly extends?: string | undefined;
  readonly steps?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly files?: 'all' | 'changed' | 'staged' | undefined;
  readonly inputs?: JsonObject | undefined;
  /** As in a workflow, by step. */
  readonly onError?: Readonly<Record<string, JsonValue>> | undefined;
  /** The most any step may be granted. */
  readonly permissions?: readonly string[] | undefined;
}

/** The profiles that ship with the hygiene workflow (HYG-16). */
export const HYGIENE_PROFILES: Readonly<Record<string, Profile>> = {
  standard: {},
  quick: { steps: ['format', 'lint', 'test'], files: 'changed', inputs: { commit: false } },
  full: { inputs: { requireBackup: true, audit: true } },
  ci: {
    steps: ['format', 'lint', 'test', 'scan', 'audit'],
    inputs: { check: true, audit: true, commit: false, push: false, requireTests: true },
  },
  nightly: { extends: 'full', inputs: { docs: true } },
};
