import { dependenciesIn } from '../workflow/graph.ts';
import type { List } from './outline.ts';

/** Which steps of a list wait for which. */
export interface Graph {
  /** For each step the positions of those that must be over before it. */
  readonly needs: readonly (readonly number[])[];
  readonly dependents: readonly (readonly number[])[];
}

const GRAPHS = new WeakMap<List, Graph>();

/** Undefined for steps that follow one another in the order of the text. Made once for each list. */
export function graphOf(list: List): Graph | undefined {
  if (list.order === 'sequence') return undefined;
  const graph = GRAPHS.get(list) ?? makeGraph(list);
  GRAPHS.set(list, graph);
  return graph;
}

function makeGraph({ steps: nodes, order, inner, index }: List): Graph {
  const steps = nodes.map(({ step }) => step);
  const ids = dependenciesIn({ steps, order, inner, path: [], role: 'body' });
  const needs = steps.map((step) =>
    (ids.get(step.id) ?? []).flatMap((id) => index.get(id) ?? []).sort((a, b) => a - b),
  );
  const dependents: number[][] = steps.map(() => []);
  needs.forEach((positions, dependent) => {
    for (const position of positions) dependents[position]?.push(dependent);
  });
  return { needs, dependents };
}
