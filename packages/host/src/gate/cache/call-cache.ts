import { isAbsolute, join } from 'node:path';
import { parsePermission } from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { Clock } from '../../ports/clock.ts';
import type { Performed } from '../../ports/gate.ts';
import type { KeptResult, ResultCache } from '../../ports/result-cache.ts';
import type { Authority } from '../authority.ts';
import { type CallWay, changesAnything } from '../call-way.ts';
import { findMarkers } from '../secret-marker.ts';
import { handlesIn } from '../streams/open-stream-spool.ts';
import type { Subject } from '../subject.ts';
import { callKey, type KeySettings } from './call-key.ts';
import { stampAt } from './stamp.ts';

export interface CacheLimits {
  /** How long a result holds whose step says nothing of it. */
  readonly ttlMs: number;
  readonly maxBytes: number;
}

export interface CallCache {
  /**
   * Looks for a kept result that `fits` what the action promises. `copy` is the tree of a plan, when there is one already.
   */
  look(subject: Subject, way: CallWay, fits: (output: JsonValue) => boolean, copy?: string): Promise<Looked>;
}

export interface Looked {
  readonly found?: Found;
  /** Keeps what came of the call, if it may be kept. `allowed` is everything that was allowed before and during it. */
  keep(performed: Performed, allowed: readonly string[]): Promise<void>;
}

export interface Found {
  readonly output: JsonValue;
  readonly run: string;
  readonly createdAt: number;
  /** What the caller was found to be allowed, each with the rule that says so. */
  readonly rules: JsonObject;
}

export interface CallCacheSettings extends KeySettings {
  readonly results: ResultCache;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly limits: CacheLimits;
}

const NOTHING: Looked = { keep: async () => {} };

/**
 * Invariants
 * 1. What is answered is what performing the call now would give, as far as the key can tell, and would have changed
 *    nothing: a call that reported an effect, or after which its files are others, is not kept.
 * 2. Whoever is answered is allowed now, without being asked, everything that was allowed when the result was made.
 * 3. A call that was handed a secret is not kept, nor one in whose result a secret had to be masked (see the gate).
 * 4. Of a pure action, a call that used the network or saw variables of the host is not kept: the key knows of neither.
 */
export function openCallCache(settings: CallCacheSettings): CallCache {
  const { results, clock } = settings;

  return {
    async look(subject, way, fits, copy) {
      const { call, action } = subject;
      const wanted = call.cache !== undefined || (action.pure ?? false) !== false;
      const answers = way === 'apply' || way === 'look' || way === 'scratch';
      if (!wanted || call.noCache === true || !answers || findMarkers(call.input).length > 0) return NOTHING;
      const key = await callKey(subject, settings, copy);
      if (key === undefined) return NOTHING;
      const kept = await results.find(key, clock.now());
      const rules = kept === undefined ? undefined : await allowedNow(kept, subject, settings.authority);
      if (kept !== undefined && rules !== undefined && fits(kept.output) && areThere(kept)) {
        await results.use(key, clock.now());
        return {
          ...NOTHING,
          found: { output: kept.output, run: kept.run, createdAt: kept.createdAt, rules },
        };
      }
      if (way !== 'apply') return NOTHING;
      const tree = await treeOf(subject, settings);
      return {
        async keep(performed, allowed) {
          if (!mayBeKept(performed, allowed, subject)) return;
          // Invariant 1: other steps, or people, may have changed the files meanwhile.
          if ((await callKey(subject, settings)) !== key || (await treeOf(subject, settings)) !== tree)
            return;
          await results.put(describe(key, performed, allowed, subject, settings), settings.limits.maxBytes);
        },
      };
    },
  };
}

/** The key that an author chose says nothing of files; whether an action wrote some is seen by looking at all of them. */
async function treeOf({ call, action }: Subject, { files }: CallCacheSettings): Promise<string> {
  return call.cache === undefined || !changesAnything(action) ? '' : files.workspace(() => true);
}

function mayBeKept({ outcome, effects }: Performed, allowed: readonly string[], { call }: Subject): boolean {
  const isUsed = (type: string) => allowed.some((permission) => permission.startsWith(`${type}:`));
  const rests = call.cache !== undefined || !(isUsed('net') || isUsed('env'));
  // A stream is gone when its run is over.
  const isWhole = outcome.ok && handlesIn(outcome.output).length === 0;
  return isWhole && effects.length === 0 && rests && !isUsed('secret');
}

function describe(
  key: string,
  performed: Performed,
  allowed: readonly string[],
  { call, action, worker }: Subject,
  { clock, limits, workspace }: CallCacheSettings,
): KeptResult {
  const name = `${worker.manifest.id}/${action.name}`;
  const output = performed.outcome.ok ? performed.outcome.output : null;
  const now = clock.now();
  const workflow = call.workflow === undefined ? [] : [`workflow:${call.workflow}`];
  return {
    key,
    action: name,
    run: call.run,
    step: call.step,
    tags: [
      `worker:${worker.manifest.id}`,
      `action:${name}`,
      `step:${call.step}`,
      ...workflow,
      ...(call.cache?.tags ?? []),
    ],
    createdAt: now,
    expiresAt: now + (call.cache?.ttlMs ?? limits.ttlMs),
    output,
    permissions: [...new Set(allowed)].sort(),
    artifacts: Object.fromEntries(artifactsOf(output, workspace).map((path) => [path, stampAt(path) ?? ''])),
  };
}

/** By the convention of reports: files outside of the workspace that were made. */
function artifactsOf(output: JsonValue, workspace: string): readonly string[] {
  const named =
    typeof output === 'object' && output !== null && !Array.isArray(output) ? output['artifacts'] : [];
  if (!Array.isArray(named)) return [];
  return named.flatMap((path) =>
    typeof path === 'string' ? [isAbsolute(path) ? path : join(workspace, path)] : [],
  );
}

function areThere({ artifacts }: KeptResult): boolean {
  return Object.entries(artifacts).every(([path, stamp]) => stamp !== '' && stampAt(path) === stamp);
}

/** Invariant 2. Undefined: not all of it, or only after a question. */
async function allowedNow(
  { permissions }: KeptResult,
  subject: Subject,
  authority: Authority,
): Promise<JsonObject | undefined> {
  const rules: [string, string][] = [];
  for (const text of permissions) {
    const parsed = parsePermission(text);
    const ruling = parsed.ok ? await authority.known(subject, parsed.permission) : undefined;
    if (ruling === undefined || !ruling.allowed) return undefined;
    rules.push([text, ruling.rule]);
  }
  return Object.fromEntries(rules);
}
