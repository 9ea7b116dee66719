import { isCadreError } from '../../errors.ts';
import { evaluate } from '../../expression/evaluate.ts';
import { references } from '../../expression/references.ts';
import type { Scope } from '../../expression/scope.ts';
import { dependenciesIn, findCycle } from '../graph.ts';
import type { Path } from '../path.ts';
import type { PlacedStep, StepList } from '../walk-steps.ts';
import type { Step } from '../workflow.ts';
import type { Finding } from './finding.ts';
import { whyUnreadable } from './visibility.ts';

/** Order, reach and emptiness: what is wrong with a workflow whatever its expressions and actions are. */
export function checkStructure(
  placed: readonly PlacedStep[],
  steps: ReadonlyMap<string, PlacedStep>,
): Finding[] {
  return [
    ...cycles(placed),
    ...placed.flatMap((step) => [
      ...needs(step, steps),
      ...holders(step, steps),
      ...reach(step),
      ...aliases(step, steps),
    ]),
  ];
}

function cycles(placed: readonly PlacedStep[]): Finding[] {
  const lists = new Set<StepList>(placed.flatMap(({ around }) => around.map(({ list }) => list)));
  return [...lists].flatMap((list) => {
    const cycle = list.order === 'graph' ? findCycle(dependenciesIn(list)) : undefined;
    if (cycle === undefined) return [];
    const index = list.steps.findIndex(({ id }) => id === cycle[0]);
    const message = `steps wait for each other: ${cycle.join(' → ')}`;
    const suggestion = 'take one of these out of `needs` or of an expression';
    return [{ code: 'cycle', message, path: [...list.path, index], suggestion }];
  });
}

function needs(placed: PlacedStep, steps: ReadonlyMap<string, PlacedStep>): Finding[] {
  const { step, path } = placed;
  return step.needs.flatMap((id, index) => {
    const reason = whyUnreadable(id, placed, steps);
    return reason === undefined ? [] : [{ ...reason, path: [...path, 'needs', index], step }];
  });
}

function holders(placed: PlacedStep, steps: ReadonlyMap<string, PlacedStep>): Finding[] {
  const { step, path } = placed;
  return (step.heldBy ?? []).flatMap((id, index): Finding[] => {
    const at = { path: [...path, 'heldBy', index], step };
    if (comesLater(steps.get(id), placed)) {
      if (neverRuns(step)) return [];
      const message = `the step "${step.id}" comes before "${id}", which therefore cannot hold it`;
      return [{ code: 'held_too_late', message, suggestion: `do "${id}" first`, ...at, warning: true }];
    }
    const reason = whyUnreadable(id, placed, steps);
    return reason === undefined ? [] : [{ ...reason, ...at }];
  });
}

/** In one sequence with it: the run is sound, but what was to be checked first has happened by then. */
function comesLater(holder: PlacedStep | undefined, held: PlacedStep): boolean {
  const [there, here] = [holder?.around.at(-1), held.around.at(-1)];
  return (
    there !== undefined &&
    there.list === here?.list &&
    there.list.order === 'sequence' &&
    there.index > here.index
  );
}

function reach({ step, path }: PlacedStep): Finding[] {
  const never: Finding[] = neverRuns(step)
    ? [
        {
          code: 'unreachable',
          message: `the step "${step.id}" never runs`,
          path: [...path, 'if'],
          step,
          warning: true,
        },
      ]
    : [];
  return [
    ...never,
    ...[...emptiness(step), ...routes(step)].map((finding) => ({
      ...finding,
      path: [...path, ...finding.path],
      step,
    })),
  ];
}

/** Its condition is false whatever happens. */
export function neverRuns(step: Step): boolean {
  return step.if !== undefined && constantOf(step.if) === false;
}

/** The value of a condition that reads nothing; undefined for all others. */
function constantOf(condition: string): unknown {
  try {
    const { names, steps } = references(condition);
    return names.length + steps.length > 0 ? undefined : evaluate(condition, NOTHING);
  } catch (error) {
    // What is wrong with it is told where expressions are checked.
    if (isCadreError(error)) return undefined;
    throw error;
  }
}

const NOTHING: Scope = {
  inputs: {},
  steps: {},
  run: { id: '', startedAt: 0, trigger: {} },
  workspace: {},
  variables: {},
};

function emptiness(step: Step): Finding[] {
  switch (step.kind) {
    case 'parallel':
      return step.branches.length === 0 ? [empty('a `parallel` of no steps does nothing', 'parallel')] : [];
    case 'forEach':
      return forEachEmptiness(step);
    case 'repeat':
      return step.steps.length === 0 ? [empty('there is nothing to do again and again', 'steps')] : [];
    case 'check':
      return step.conditions.length === 0 ? [empty('a check of nothing verifies nothing', 'check')] : [];
    case 'choose':
      return chooseReach(step);
    default:
      return [];
  }
}

/** One recovery a step, because a step is mended once; and a question must reach somebody. */
function routes({ onError }: Step): Finding[] {
  if (onError.kind !== 'routes')
    return onError.kind === 'escalate' ? toNobody(onError.to, ['onError', 'escalate']) : [];
  const recoveries = onError.routes.flatMap(({ route }, index) => (route.kind === 'recover' ? [index] : []));
  const always = onError.routes.findIndex(({ on, severity }) => on === undefined && severity === undefined);
  return [
    ...recoveries.slice(1).map((index) => ({
      code: 'wrong_value',
      message: 'a step is mended in one way only',
      path: ['onError', index, 'do', 'recover'],
      suggestion: 'put both into one `recover` and let a `choose` in it look at failure.code',
    })),
    ...onError.routes.slice(always === -1 ? onError.routes.length : always + 1).map((_, index) => ({
      code: 'unreachable',
      message: 'this route is never taken, because the one before it fits every failure',
      path: ['onError', always + 1 + index],
      suggestion: 'put the route without `on` and `severity` last',
      warning: true as const,
    })),
    ...onError.routes.flatMap(({ route }, index) =>
      route.kind === 'escalate' ? toNobody(route.to, ['onError', index, 'do', 'escalate']) : [],
    ),
  ];
}

function toNobody(to: readonly string[] | undefined, path: Path): Finding[] {
  if (to === undefined || to.length > 0) return [];
  return [{ code: 'empty', message: 'nobody is named who could decide', path: [...path, 'to'] }];
}

function forEachEmptiness(step: Extract<Step, { kind: 'forEach' }>): Finding[] {
  if (step.steps.length === 0) return [empty('there is nothing to do for each element', 'steps')];
  const never = Array.isArray(step.items) && step.items.length === 0;
  return never ? [{ ...empty('the list is empty, so nothing is ever done', 'forEach'), warning: true }] : [];
}

function chooseReach({ branches }: Extract<Step, { kind: 'choose' }>): Finding[] {
  if (branches.length === 0) return [empty('there is nothing to choose from', 'choose')];
  const always = branches.findIndex((branch) => branch.if === undefined || constantOf(branch.if) === true);
  if (always === -1) return [];
  return branches.slice(always + 1).map((_, index) => ({
    code: 'unreachable',
    message: 'this branch is never chosen, because the one before it always is',
    path: ['choose', always + 1 + index],
    suggestion: 'put `else` last',
  }));
}

function empty(message: string, key: string): Finding {
  return { code: 'empty', message, path: [key] };
}

function aliases({ step, path }: PlacedStep, steps: ReadonlyMap<string, PlacedStep>): Finding[] {
  return (step.aliases ?? []).flatMap((alias, index) =>
    steps.has(alias) && alias !== step.id
      ? [
          {
            code: 'alias_hidden',
            message: `"${alias}" names the step with that id, and never this one`,
            path: [...path, 'aliases', index],
            step,
            warning: true as const,
          },
        ]
      : [],
  );
}
