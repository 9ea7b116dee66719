import { locate } from '../outline.ts';
import { COMPENSATE, nameOf, outward, RECOVER } from '../path.ts';
import type { Draft } from './draft.ts';

/**
 * What a step and the steps around it allow at most, from the outside in: each narrows. What mends or undoes a step is no part of what
 * it does, and is narrowed by what stands around that step alone.
 */
export function permissionSetsOf(draft: Draft, path: string): readonly (readonly string[])[] {
  const sets: (readonly string[])[] = [];
  let below: string | undefined;
  for (const at of outward(path)) {
    const isAside = below !== undefined && [RECOVER, COMPENSATE].includes(nameOf(below));
    const located = isAside ? undefined : locate(draft.outline, at);
    if (located !== undefined && 'node' in located && located.node.step.permissions !== undefined) {
      sets.unshift(located.node.step.permissions);
    }
    below = at;
  }
  return sets;
}
