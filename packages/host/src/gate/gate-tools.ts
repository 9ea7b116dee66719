import { homedir } from 'node:os';
import { join } from 'node:path';
import { type PlacedPolicy, placePolicy, policyFor } from '@cadre/core';
import { type AuditLog, openAuditLog } from './audit-log.ts';
import { type Authority, createAuthority } from './authority.ts';
import { FETCH_LIMITS, type FetchLimits } from './brokered-fetch.ts';
import { type CallCache, type CallCacheSettings, openCallCache } from './cache/call-cache.ts';
import { openFileDigests } from './cache/file-digests.ts';
import { type CheckSandbox, sandboxCheck } from './check-sandbox.ts';
import { openDataFolders } from './data-folders.ts';
import type { GateSettings } from './gate-settings.ts';
import { createLogMask, type LogMask } from './log-mask.ts';
import { createMask, type Mask } from './mask.ts';
import { type GiveAway, giveToOwnerOf } from './owner.ts';
import { keyFolders } from './private-folders.ts';
import { openScratchTrees, SCRATCH_LIMITS, type ScratchTrees } from './scratch-tree.ts';
import { type GivenFiles, openGivenFiles } from './streams/given-files.ts';
import { openStreamSpool, type StreamSpool } from './streams/open-stream-spool.ts';
import type { Subject } from './subject.ts';

/** What every call of one gate uses. */
export interface GateTools
  extends Pick<
    GateSettings,
    'runner' | 'secrets' | 'logins' | 'config' | 'environment' | 'workspace' | 'snapshots' | 'clock'
  > {
  readonly audit: AuditLog;
  readonly authority: Authority;
  readonly policyOf: (subject: Subject) => PlacedPolicy;
  readonly checkSandbox: CheckSandbox;
  /** Undefined where no results are kept. */
  readonly cache: CallCache | undefined;
  readonly scratch: ScratchTrees;
  readonly streams: StreamSpool;
  readonly given: GivenFiles;
  /** Of the whole gate: a worker that stays warm may tell in one call what it got in another. */
  readonly mask: Mask;
  /** Of secrets that no worker has seen: taken out of answers from the network too, whichever call they come to. */
  readonly edge: Mask;
  readonly logMask: LogMask;
  readonly fetchLimits: FetchLimits;
  readonly home: string;
  /** No worker may see these. */
  readonly hidden: readonly string[];
  readonly giveAway: () => Promise<GiveAway>;
  /** The own folder of a worker for this workspace. */
  readonly dataFolder: (worker: string) => Promise<string>;
}

/** Throws CadreError `config_invalid` when the policy has a rule that is no permission. */
export function openGateTools(settings: GateSettings): GateTools {
  const { workspace, dataDir, environment, limits } = settings;
  const home = environment['HOME'] ?? homedir();
  const audit = openAuditLog(settings.audit, settings.clock);
  const mask = createMask();
  const giveAway = () => giveToOwnerOf(workspace);
  const policyOf = ({ worker, places }: Subject) => placePolicy(policyFor(worker, settings.policy), places);
  // A faulty rule is told now, and not at the first call that it concerns.
  placePolicy(settings.policy, { workspace, home, data: dataDir });
  const authority = createAuthority({ ...settings, audit, policyOf });
  const hidden = [dataDir, ...(settings.hidden ?? []), ...keyFolders(home)];
  return {
    ...settings,
    home,
    audit,
    giveAway,
    dataFolder: openDataFolders(join(dataDir, 'workers'), giveAway),
    policyOf,
    authority,
    cache: openCache({ ...settings, home, policyOf, authority, hidden }),
    checkSandbox: sandboxCheck(settings),
    scratch: openScratchTrees({
      workspace,
      folder: join(dataDir, 'scratch'),
      environment,
      limits: { ...SCRATCH_LIMITS, ...limits?.scratch },
      giveAway,
    }),
    streams: openStreamSpool(join(dataDir, 'streams'), settings.clock),
    given: openGivenFiles(join(dataDir, 'given'), giveAway),
    mask,
    edge: createMask(),
    logMask: createLogMask(mask, settings.hide ?? ((text) => text)),
    fetchLimits: { ...FETCH_LIMITS, ...limits?.fetch },
    hidden,
  };
}

function openCache(
  settings: GateSettings & Pick<CallCacheSettings, 'home' | 'policyOf' | 'authority' | 'hidden'>,
): CallCache | undefined {
  const { cache, clock } = settings;
  return (
    cache &&
    openCallCache({
      ...settings,
      results: cache.results,
      limits: cache.limits,
      files: openFileDigests({ ...settings, index: cache.files }),
      today: () => new Date(clock.now()).toISOString().slice(0, 10),
    })
  );
}
