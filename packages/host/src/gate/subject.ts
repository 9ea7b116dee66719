import { isAbsolute, relative } from 'node:path';
import {
  CadreError,
  covers,
  formatPermission,
  intersect,
  type Permission,
  type Places,
  parsePermission,
  placePermission,
} from '@cadre/core';
import type { ActionManifest } from '@cadre/sdk';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { PermissionQuestion } from '../ports/approver.ts';
import type { GateCall } from '../ports/gate.ts';
import { nameOfAction } from './calls/chain.ts';
import type { Refusal } from './violation.ts';

/** Who wants to do something in a call, and the most that it may ever be allowed. */
export interface Subject {
  readonly worker: InstalledWorker;
  readonly action: ActionManifest;
  readonly call: GateCall;
  readonly places: Places;
  /** What manifest, action, workflow and step all allow, as it is written. */
  readonly effective: readonly Permission[];
  /** What the action declares, before anything narrowed it. */
  readonly declared: readonly Permission[];
  /** Answers that hold for this call alone, by permission. */
  readonly answered: Map<string, string>;
  /** The action that made the call, where one did: it may do no more than that one. */
  readonly caller?: Subject;
}

/** Throws CadreError `invalid_workflow` when the workflow or the step names something that is no permission. */
export function describeSubject(
  found: { readonly worker: InstalledWorker; readonly action: ActionManifest },
  call: GateCall,
  places: Places,
  caller?: Subject,
): Subject {
  const { manifest } = found.worker;
  const declared = readPermissions(found.action.permissions ?? manifest.permissions);
  const above = caller === undefined ? [] : [caller.effective];
  const around = call.permissionSets.map(readPermissions);
  const sets = [readPermissions(manifest.permissions), declared, ...around, ...above];
  return {
    ...found,
    call,
    places,
    declared,
    effective: intersect(sets),
    answered: new Map(),
    ...(caller === undefined ? {} : { caller }),
  };
}

/** Why something lies outside of what the subject may ever be allowed; undefined when it does not. */
export function explainLack(subject: Subject, wanted: Permission): Refusal | undefined {
  const { worker, declared, effective, places, caller } = subject;
  const within = (set: readonly Permission[]) =>
    set.some((granted) => covers(placePermission(granted, places), placePermission(wanted, places)));
  if (within(effective)) return undefined;
  const { id } = worker.manifest;
  const { requestMs } = worker;
  const text = formatPermission(wanted);
  const above = caller && within(declared) ? explainLack(caller, wanted) : undefined;
  if (caller !== undefined && above !== undefined) return { ...above, rule: inChain(caller, above.rule) };
  return within(declared)
    ? {
        rule: 'the workflow or the step does not allow it',
        fix: `add "${text}" to permissions of the workflow and of the step`,
      }
    : {
        rule: `the manifest of ${id} does not ask for it`,
        // What has such a limit of its own is an MCP server, whose manifest is made of its declaration.
        fix: `add "${text}" to permissions in ${requestMs === undefined ? `worker.yaml of ${id}` : `.cadre/mcp/${id}.yaml`}`,
      };
}

/** Who may do something is not enough where somebody who may not has it done. */
export function inChain(caller: Subject, rule: string): string {
  return `it is called by ${nameOfAction(caller)}, which may not: ${rule}`;
}

/** Where the code of a worker comes from: what lies in a workspace came with it, from whoever wrote that. */
export function originOf(worker: InstalledWorker, workspace: string): PermissionQuestion['origin'] {
  if (worker.builtIn) return 'built in';
  // While a process lives they are run from copies, and the folder may be a link.
  if (worker.isSource === true) return 'workspace';
  const inside = relative(workspace, worker.folder);
  return inside === '' || (!inside.startsWith('..') && !isAbsolute(inside)) ? 'workspace' : 'installed';
}

export function readPermissions(texts: readonly string[]): readonly Permission[] {
  return texts.map((text) => {
    const parsed = parsePermission(text);
    if (parsed.ok) return parsed.permission;
    const hint = parsed.suggestion === undefined ? {} : { hint: parsed.suggestion };
    throw new CadreError('invalid_workflow', parsed.message, hint);
  });
}
