import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, formatPermission, type PlacedPolicy } from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import picomatch from 'picomatch';
import type { Tier } from '../../ports/sandbox.ts';
import { chooseTier, type TierSettings } from '../choose-tier.ts';
import { confine } from '../confine.ts';
import type { GateSettings } from '../gate-settings.ts';
import type { Subject } from '../subject.ts';
import type { FileDigests } from './file-digests.ts';
import { installedState, isProjectFile } from './installed.ts';
import { programIdentities } from './program-identities.ts';
import { look } from './stamp.ts';
import { workerCode } from './worker-code.ts';

export interface KeySettings extends TierSettings, Pick<GateSettings, 'elsewhere'> {
  readonly workspace: string;
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly hidden: readonly string[];
  readonly policyOf: (subject: Subject) => PlacedPolicy;
  readonly config: (worker: string) => JsonObject;
  readonly files: FileDigests;
  /** The day as `2026-11-27`, UTC. */
  readonly today: () => string;
}

/** It grows when the same facts are written down in another way, so that no old entry is found under a new key. */
const KEY_VERSION = 1;

/**
 * What the result of a call rests on, as SHA-256 of canonical JSON; undefined when nobody can say what that is. `copy` is
 * the tree that the call would see when that is not the workspace itself.
 */
export async function callKey(
  subject: Subject,
  settings: KeySettings,
  copy?: string,
): Promise<string | undefined> {
  const { call, action, worker } = subject;
  const author = call.cache;
  const confined = await confineAsApplied(subject, settings);
  if (confined === undefined) return undefined;
  const rested =
    author === undefined
      ? await restsOn(subject, settings, copy)
      : { scope: author.scope, authorKey: author.key };
  if (rested === undefined) return undefined;
  const facts = {
    version: KEY_VERSION,
    host: [process.platform, process.arch, process.version],
    worker: [worker.manifest.id, worker.manifest.version, worker.hash],
    code: workerCode(worker),
    action: action.name,
    permissions: subject.effective.map(formatPermission).sort(),
    confined,
    ...rested,
  };
  return createHash('sha256')
    .update(canonicalJson(facts as unknown as JsonValue))
    .digest('hex');
}

/** What the system would let it see and do for real; in a plan it is less, and where the copy lies differs each time. */
async function confineAsApplied(subject: Subject, { policyOf, hidden }: KeySettings): Promise<unknown> {
  const confinement = await confine({
    subject,
    files: subject.effective.filter(({ type }) => type.startsWith('fs:')),
    policy: policyOf(subject),
    hidden,
    isOnlyAsked: true,
  });
  return 'permission' in confinement ? undefined : confinement;
}

async function restsOn(subject: Subject, settings: KeySettings, copy: string | undefined): Promise<unknown> {
  const { action, call, worker, effective, places } = subject;
  const given = { input: call.input, env: call.env, config: settings.config(worker.manifest.id) };
  const { pure } = action;
  if (pure === undefined || pure === false) return undefined;
  if (pure === true) return given;
  const programs = programIdentities(
    effective.filter(({ type }) => type === 'shell').map(({ scope }) => scope),
    settings.workspace,
    settings.environment['PATH'] ?? '',
  );
  if (programs === undefined) return undefined;
  // Which programs there are on another machine, or in an image, nobody here can tell.
  if (Object.keys(programs).length > 0 && (await isElsewhere(subject, settings))) return undefined;
  const isMeant = picomatch([...pure.files], { dot: true });
  const projects: string[] = [];
  const choose = (path: string) => {
    if (isProjectFile(path)) projects.push(path);
    return isMeant(path);
  };
  const files = await (copy === undefined
    ? settings.files.workspace(choose)
    : settings.files.copy(copy, choose));
  return {
    ...given,
    programs,
    files,
    installed: installedState(settings.workspace, settings.home, projects),
    data: Object.fromEntries((pure.data ?? []).map((name) => [name, contentOf(join(places.data, name))])),
    day: pure.day === true ? settings.today() : null,
    language: [settings.environment['LANG'] ?? null, settings.environment['TZ'] ?? null],
  };
}

/** To find out the tier takes processes, which most kept results are found without. */
async function isElsewhere({ worker }: Subject, settings: KeySettings): Promise<boolean> {
  const { elsewhere = new Set<Tier>() } = settings;
  if (elsewhere.size === 0) return false;
  const chosen = await chooseTier(worker, settings);
  return chosen.ok && elsewhere.has(chosen.output.tier);
}

function contentOf(path: string): string | null {
  const content = look(() => readFileSync(path));
  return content === undefined ? null : createHash('sha256').update(content).digest('hex');
}
