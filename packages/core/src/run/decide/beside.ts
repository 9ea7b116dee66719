import { countOf } from '../items.ts';
import { type List, locate, type Node } from '../outline.ts';
import { outward, parentOf } from '../path.ts';
import { PENDING } from '../state.ts';
import type { Draft } from './draft.ts';
import { atMostOf } from './for-each.ts';

/**
 * How many runs such as the one at a path may be under way at once inside of `scope`: a branch of a parallel beside the
 * others that hold runs, an element of a forEach beside as many as may go on together. Each gets one part of so many, and
 * since the parts of all places add up to one, none takes what another will need.
 */
export function placesBeside(draft: Draft, path: string, scope: string): number {
  let places = 1;
  for (const at of outward(path)) {
    if (at === scope) break;
    const around = parentOf(at);
    if (around === undefined) break;
    places *= placesIn(draft, around);
  }
  return places;
}

function placesIn(draft: Draft, container: string): number {
  const located = locate(draft.outline, container);
  if ('list' in located) return located.list.order === 'sequence' ? 1 : holdersIn(located.list);
  const { step, lists } = located.node;
  const { items = [] } = draft.state.steps.get(container) ?? PENDING;
  switch (step.kind) {
    case 'parallel':
      return lists[0] === undefined ? 1 : holdersIn(lists[0]);
    case 'forEach':
      return Math.max(1, Math.min(countOf(items), atMostOf(step)));
    default:
      return 1;
  }
}

const HOLDERS = new WeakMap<List, number>();

/** Steps of the list that are runs of their own, or hold such. */
function holdersIn(list: List): number {
  const known = HOLDERS.get(list) ?? Math.max(1, list.steps.filter(holdsRuns).length);
  HOLDERS.set(list, known);
  return known;
}

function holdsRuns({ step, lists, recover }: Node): boolean {
  const inside = [...lists, ...(recover === undefined ? [] : [recover])];
  return step.kind === 'workflow' || inside.some((list) => list.steps.some(holdsRuns));
}
