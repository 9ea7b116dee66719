import { canonicalJson, isCadreError } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';
import type { Surroundings } from '../ports/action-runner.ts';
import type { GateCall, GateObserver } from '../ports/gate.ts';
import type { WarmCalls } from '../ports/pool-store.ts';
import type { GateTools } from './gate-tools.ts';
import { beforeCall, confineCall, grantedEnvironment } from './prepare-call.ts';
import { describeSubject, type Subject } from './subject.ts';

export interface WarmSettings {
  /** Workers of which processes are kept without a call. */
  readonly workers: readonly string[];
  readonly calls: WarmCalls;
}

export interface Warming {
  /** A call is performed: those that follow are likely to be like it. */
  note(subject: Subject): void;
  /** Starts what the next call like the last one would need, as it would be confined now. */
  warm(worker: string, dataFolder: (worker: string) => Promise<string>): Promise<void>;
}

const UNHEARD: GateObserver = {
  log: () => undefined,
  progress: () => undefined,
  spend: () => undefined,
  measure: () => undefined,
};

/** Of a call what its surroundings follow from. */
type Like = Pick<GateCall, 'uses' | 'principal' | 'permissionSets'>;

/**
 * Invariants
 * 1. A process is started warm for nothing that a call like the last one would not be allowed now, without being asked.
 * 2. What it is started for is found out as for a call, so that it is either exactly what a call needs or used by none.
 * 3. What is kept of a call holds neither its input nor its variables; a call with variables of its own is not kept.
 */
export function openWarming(tools: GateTools, { workers, calls }: WarmSettings): Warming {
  const noted = new Map<string, string>();
  const recorded = new Map<string, string>();

  async function allowed(subject: Subject): Promise<boolean> {
    for (const permission of beforeCall(subject, 'apply')) {
      const ruling = await tools.authority.known(subject, permission);
      if (ruling?.allowed !== true) return false;
    }
    return true;
  }

  async function surroundings(subject: Subject): Promise<Surroundings | undefined> {
    if (!(await allowed(subject))) return undefined;
    const tier = await tools.checkSandbox(subject, UNHEARD);
    if (!tier.ok) return undefined;
    const confinement = await confineCall('apply', subject, undefined, tools);
    if (!confinement.ok) return undefined;
    const { workspace, data } = subject.places;
    const env = grantedEnvironment(subject, 'apply', tools);
    const config = tools.config(subject.worker.manifest.id);
    return { confinement: confinement.output, tier: tier.output, workspace, dataDir: data, env, config };
  }

  /** Once for each that is new: a process that may do this is there, though nobody has called it yet. */
  async function record({ worker, action, call }: Subject, around: Surroundings): Promise<void> {
    const { id } = worker.manifest;
    const text = JSON.stringify(around.confinement);
    if (recorded.get(id) === text) return;
    recorded.set(id, text);
    await tools.audit.record({
      principal: call.principal,
      worker: id,
      action: action.name,
      operation: 'warm',
      decision: 'allowed',
      rule: 'apply',
    });
  }

  return {
    note({ worker, call }) {
      const { id } = worker.manifest;
      if (!workers.includes(id) || Object.keys(call.env).length > 0) return;
      const { uses, principal, permissionSets } = call;
      const like = { uses, principal, permissionSets } satisfies Like as unknown as JsonObject;
      const text = canonicalJson(like);
      if (noted.get(id) === text) return;
      noted.set(id, text);
      // Losing it costs a start.
      calls.put(id, like).catch(() => noted.delete(id));
    },
    async warm(id, dataFolder) {
      const like = (await calls.find(id)) as unknown as Like | undefined;
      if (like === undefined) return;
      try {
        const found = tools.runner.resolve(like.uses);
        const places = { workspace: tools.workspace, home: tools.home, data: await dataFolder(id) };
        const subject = describeSubject(found, callLike(like), places);
        const around = await surroundings(subject);
        if (around !== undefined) await record(subject, around);
        tools.runner.warm(found.worker, around);
      } catch (error) {
        // The action is there no more, or can no longer be read: whoever calls it says so.
        if (!isCadreError(error)) throw error;
      }
    },
  };
}

function callLike({ uses, principal, permissionSets }: Like): GateCall {
  return {
    uses,
    principal,
    permissionSets,
    input: {},
    mode: 'apply',
    run: 'warm',
    step: 'warm',
    attempt: 1,
    idempotencyKey: 'warm',
    env: {},
    loose: true,
  };
}
