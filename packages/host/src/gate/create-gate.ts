import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CadreError, isCadreError, type Policy, placePolicy, policyFor } from '@cadre/core';
import { parseDuration } from '@cadre/kit/format';
import { type ActionManifest, type Failure, failure, type JsonObject } from '@cadre/sdk';
import type { ActionRunner } from '../ports/action-runner.ts';
import type { Approver } from '../ports/approver.ts';
import type { AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { ActionTraits, Gate, GateCall, GateObserver, Performed } from '../ports/gate.ts';
import type { GrantStore } from '../ports/grant-store.ts';
import type { SandboxReport } from '../ports/sandbox.ts';
import type { SecretSource } from '../ports/secret-source.ts';
import { auditHeadFile } from './audit-head.ts';
import { openAuditLog } from './audit-log.ts';
import { createAuthority } from './authority.ts';
import { FETCH_LIMITS, type FetchLimits } from './brokered-fetch.ts';
import { changesAnything } from './call-way.ts';
import { createMask } from './mask.ts';
import { giveToOwnerOf } from './owner.ts';
import { performCall } from './perform-call.ts';
import { keyFolders } from './private-folders.ts';
import { openScratchTrees, SCRATCH_LIMITS, type ScratchLimits } from './scratch-tree.ts';
import { describeSubject, type Subject } from './subject.ts';

export interface GateSettings {
  readonly runner: ActionRunner;
  readonly audit: AuditStore;
  readonly grants: GrantStore;
  readonly approver: Approver;
  readonly policy: GatePolicy;
  readonly sandboxReport: () => Promise<SandboxReport>;
  /** Absolute, links resolved. */
  readonly workspace: string;
  /** Cadre's own folder for this workspace; the workers' folders are made in it. */
  readonly dataDir: string;
  /** Folders of Cadre that no worker may see, besides `dataDir`. */
  readonly hidden?: readonly string[];
  /** Settings of one worker. */
  readonly config: (worker: string) => JsonObject;
  readonly secrets: SecretSource;
  readonly clock: Clock;
  /** The host's environment: what `env:NAME` permissions hand on. */
  readonly environment: NodeJS.ProcessEnv;
  readonly limits?: { readonly fetch?: Partial<FetchLimits>; readonly scratch?: Partial<ScratchLimits> };
}

export interface GatePolicy extends Policy {
  /** What happens where the system cannot fully confine workers. */
  readonly sandbox: 'require' | 'warn';
}

/**
 * The one way into the outside world.
 * Invariants:
 * 1. Whatever is performed was decided and recorded before, and its outcome is recorded after.
 * 2. No value of a secret that was used leaves in an outcome, an effect or a log line.
 * 3. In a plan nothing outside of scratch trees and the workers' own folders changes, and nothing is sent.
 */
export function createGate(settings: GateSettings): Gate {
  const { workspace, dataDir, clock, grants } = settings;
  const audit = openAuditLog(settings.audit, auditHeadFile(dataDir), clock);
  const home = settings.environment['HOME'] ?? homedir();
  const giveAway = () => giveToOwnerOf(workspace);
  const policyOf = (subject: Subject) => placePolicy(policyFor(subject.worker, settings.policy), subject.places);
  // A faulty rule is told at once, not at the first call that it would concern.
  placePolicy(settings.policy, { workspace, home, data: dataDir });
  const tools = {
    ...settings,
    audit,
    policyOf,
    mask: createMask(),
    authority: createAuthority({ ...settings, audit, policyOf }),
    scratch: openScratchTrees({
      workspace,
      folder: join(dataDir, 'scratch'),
      environment: settings.environment,
      limits: { ...SCRATCH_LIMITS, ...settings.limits?.scratch },
      giveAway,
    }),
    fetchLimits: { ...FETCH_LIMITS, ...settings.limits?.fetch },
    hidden: [dataDir, ...(settings.hidden ?? []), ...keyFolders(home)],
    checkSandbox: sandboxCheck(settings),
  };
  const dataFolder = async (worker: string) => {
    const folder = join(dataDir, 'workers', worker);
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await (await giveAway())(folder);
    return folder;
  };

  return {
    describe: (uses) => traitsOf(settings.runner.resolve(uses).action),
    async perform(call, signal, observer) {
      try {
        const found = settings.runner.resolve(call.uses);
        const data = await dataFolder(found.worker.manifest.id);
        const subject = describeSubject(found, call, { workspace, home, data });
        return await performCall(subject, signal, observer, tools);
      } catch (error) {
        if (!isCadreError(error)) throw error;
        return { outcome: { ok: false, failure: toFailure(error) }, effects: [] };
      }
    },
    async endRun(run) {
      await tools.scratch.remove(run);
      const ended = (await grants.list(clock.now())).filter((grant) => grant.run === run);
      for (const { id } of ended) await grants.revoke(id);
    },
  };
}

export type GateTools = Omit<GateSettings, 'audit' | 'hidden'> & {
  readonly audit: ReturnType<typeof openAuditLog>;
  readonly policyOf: (subject: Subject) => ReturnType<typeof placePolicy>;
  readonly mask: ReturnType<typeof createMask>;
  readonly authority: ReturnType<typeof createAuthority>;
  readonly scratch: ReturnType<typeof openScratchTrees>;
  readonly fetchLimits: FetchLimits;
  readonly hidden: readonly string[];
  readonly checkSandbox: ReturnType<typeof sandboxCheck>;
};

function traitsOf(action: ActionManifest): ActionTraits {
  return {
    repeatable: !changesAnything(action) || action.idempotent === true,
    class: action.class ?? 'io',
    ...(action.timeout === undefined ? {} : { timeoutMs: parseDuration(action.timeout) }),
  };
}
