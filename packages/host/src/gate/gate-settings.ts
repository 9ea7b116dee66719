import type { Policy } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';
import type { ActionRunner } from '../ports/action-runner.ts';
import type { Approver } from '../ports/approver.ts';
import type { AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { FileIndex } from '../ports/file-index.ts';
import type { GrantStore } from '../ports/grant-store.ts';
import type { Logins } from '../ports/logins.ts';
import type { ResultCache } from '../ports/result-cache.ts';
import type { SandboxReport, Tier } from '../ports/sandbox.ts';
import type { SecretSource } from '../ports/secret-source.ts';
import type { Snapshots } from '../ports/snapshots.ts';
import type { FetchLimits } from './brokered-fetch.ts';
import type { CacheLimits } from './cache/call-cache.ts';
import type { RequiredTiers } from './required-tier.ts';
import type { ScratchLimits } from './scratch-tree.ts';
import type { WarmSettings } from './warm-worker.ts';

export interface GateSettings {
  readonly runner: ActionRunner;
  readonly audit: AuditStore;
  readonly grants: GrantStore;
  readonly approver: Approver;
  readonly policy: GatePolicy;
  /** Asked of a tier when a call may need it. */
  readonly sandboxReport: (tier: Tier) => Promise<SandboxReport>;
  /** Tiers in which there are other programs than this machine's; absent: none. */
  readonly elsewhere?: ReadonlySet<Tier>;
  /** Absolute, links resolved. */
  readonly workspace: string;
  /** Cadre's own folder for this workspace; the workers' folders are in it. */
  readonly dataDir: string;
  /** Folders of Cadre that no worker may see, besides `dataDir`. */
  readonly hidden?: readonly string[];
  /** Settings of one worker. */
  readonly config: (worker: string) => JsonObject;
  readonly secrets: SecretSource;
  /** Logins at MCP servers; absent: there are none. */
  readonly logins?: Logins;
  readonly clock: Clock;
  /** Keeps the workspace's files before an action may change them. */
  readonly snapshots: Pick<Snapshots, 'open'>;
  /** The host's environment: what `env:NAME` permissions hand on. */
  readonly environment: NodeJS.ProcessEnv;
  /** Replaces in logs and failures what people want to be hidden there; absent: nothing. */
  readonly hide?: (text: string) => string;
  /** Where results are kept, and what is known of files; absent: none are. */
  readonly cache?: { readonly results: ResultCache; readonly files: FileIndex; readonly limits: CacheLimits };
  /** Workers that are kept warm; absent: none are. */
  readonly warm?: WarmSettings;
  readonly limits?: { readonly fetch?: Partial<FetchLimits>; readonly scratch?: Partial<ScratchLimits> };
}

export interface GatePolicy extends Policy {
  /** What happens where the system cannot fully confine workers: refuse, or say so once and go on. */
  readonly sandbox: 'require' | 'warn';
  /** Absent: as usual. */
  readonly tiers?: RequiredTiers;
}
