import { walkSteps } from '@cadre/core/advance';
import { isCadreError, type Workflow } from '@cadre/core/history';
import type { ActionTraits, Gate } from '../ports/gate.ts';

/** A definition is one object for as long as it is known, so it is looked through once. */
const known = new WeakMap<Workflow, readonly string[]>();

/**
 * Versions of the workers that a run begins with and keeps until it ends, by id: of those that did not come with Cadre. A worker that
 * is not there is none that it could keep: the step that wants it says so.
 */
export function versionsFor(gate: Gate, workflow: Workflow): Readonly<Record<string, string>> | undefined {
  const versions: Record<string, string> = {};
  const called: Record<string, string> = {};
  for (const uses of usesOf(workflow)) {
    const { version, called: below = {} } = traitsOf(gate, uses) ?? {};
    if (version !== undefined) versions[idOf(uses)] = version;
    Object.assign(called, below);
  }
  // What a step names itself goes before what is called on its behalf.
  for (const [id, version] of Object.entries(called)) versions[id] ??= version;
  return Object.keys(versions).length === 0 ? undefined : versions;
}

/** `greeter/greet@^1` of a run that keeps greeter 1.2.0 is `greeter/greet@1.2.0`. */
export function pinned(uses: string, versions: Readonly<Record<string, string>> | undefined): string {
  const version = versions?.[idOf(uses)];
  return version === undefined ? uses : `${uses.split('@')[0]}@${version}`;
}

function traitsOf(gate: Gate, uses: string): ActionTraits | undefined {
  try {
    return gate.describe(uses);
  } catch (error) {
    if (isCadreError(error)) return undefined;
    throw error;
  }
}

function idOf(uses: string): string {
  return uses.split('/', 1)[0] ?? uses;
}

function usesOf(workflow: Workflow): readonly string[] {
  const before = known.get(workflow);
  if (before !== undefined) return before;
  const actions = walkSteps(workflow).flatMap(({ step }) => (step.kind === 'action' ? [step.uses] : []));
  const found = [...new Set(actions)];
  known.set(workflow, found);
  return found;
}
