import { keptVersions, versionPairs, versionToCall, walkSteps } from '@cadre/core/advance';
import { isCadreError, type KeptVersions, type Workflow } from '@cadre/core/history';
import type { ActionTraits, Gate } from '../ports/gate.ts';

/** A definition is one object for as long as it is known, so it is looked through once. */
const known = new WeakMap<Workflow, readonly string[]>();

/**
 * Versions of the workers that a run begins with and keeps until it ends, by id: of those that did not come with Cadre. Every version that
 * a step or a call gets now is kept, so each gets the same one again: the newest of them that fits it. A worker that is not there is none
 * that it could keep: the step that wants it says so.
 */
export function versionsFor(gate: Gate, workflow: Workflow): KeptVersions | undefined {
  const pairs = usesOf(workflow).flatMap((uses) => {
    const { version, called = {} } = traitsOf(gate, uses) ?? {};
    return [...(version === undefined ? [] : [[idOf(uses), version] as const]), ...versionPairs(called)];
  });
  return pairs.length === 0 ? undefined : keptVersions(pairs);
}

/** `greeter/greet@^1` of a run that keeps greeter 1.2.0 is `greeter/greet@1.2.0`, also when it keeps 3.0.0 besides. */
export function pinned(uses: string, versions: KeptVersions | undefined): string {
  const [action = uses, range] = uses.split('@');
  const version = versionToCall(range, versions?.[idOf(uses)]);
  return version === undefined ? uses : `${action}@${version}`;
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
