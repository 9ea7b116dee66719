import type { Failure, JsonValue } from '@cadre/sdk';
import type { Step, Workflow } from '../workflow/workflow.ts';
import type { Question, Wait } from './events.ts';
import { countOf } from './items.ts';
import { type List, type Node, outlineOf } from './outline.ts';
import { COMPENSATE, FINALLY, join, ON_FAILURE, RECOVER } from './path.ts';
import { PENDING, type RunState } from './state.ts';
import type { StepStatus } from './status.ts';

/** One step of a run as a table or `--json` shows it. */
export interface ReportedStep {
  /** Its path. */
  readonly step: string;
  readonly id: string;
  /** What people call it: its name, else its id. */
  readonly name: string;
  readonly kind: Step['kind'];
  /** The action that it performs. */
  readonly uses?: string;
  /** How many containers it stands in. */
  readonly depth: number;
  readonly status: StepStatus;
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** From its first attempt to its end, waiting included. */
  readonly durationMs?: number;
  /** Why it was skipped: `if`, `held`, `after_failure`, `cancelled`, or what its action said; or `reused`. */
  readonly reason?: string;
  /** It was not performed: its output is the kept result of the run `cachedFrom`. */
  readonly cached?: true;
  readonly cachedFrom?: string;
  readonly failure?: Failure;
  readonly output?: JsonValue;
  /** What it waits for an answer to. */
  readonly question?: Question;
  /** What it waits for besides people. */
  readonly wait?: Wait;
  /** Elements of a forEach. */
  readonly elements?: number;
  /** How often a repeat has been begun. */
  readonly iteration?: number;
  /** The run of its own that it is. */
  readonly child?: string;
}

/**
 * The steps of a run in the order of the text: all of the workflow's own, and of what stands inside containers, in
 * recoveries, in `onFailure` and `finally` whatever something happened to.
 */
export function runReport(workflow: Workflow, state: RunState): ReportedStep[] {
  const outline = outlineOf(workflow);
  const begun = (path: string, list: List) => (state.steps.has(path) ? reportList(state, path, list, 0) : []);
  return [
    ...reportList(state, '', outline.steps, 0),
    ...begun(ON_FAILURE, outline.onFailure),
    ...begun(FINALLY, outline.finally),
  ];
}

/** Whether a limit stands in a workflow anywhere. */
export function hasBudget(workflow: Workflow): boolean {
  const { byId, limited } = outlineOf(workflow);
  if (limited || workflow.budget !== undefined) return true;
  return [...byId.values()].some(({ node }) => node.step.budget !== undefined);
}

function reportList(state: RunState, path: string, list: List, depth: number): ReportedStep[] {
  return list.steps.flatMap((node) => reportStep(state, join(path, node.step.id), node, depth));
}

function reportStep(state: RunState, path: string, node: Node, depth: number): ReportedStep[] {
  const inside = state.steps.has(path) ? reportInside(state, path, node, depth + 1) : [];
  return [rowOf(state, path, node, depth), ...inside];
}

function reportInside(state: RunState, path: string, node: Node, depth: number): ReportedStep[] {
  const lists = bodies(state, path, node).flatMap(({ at, list }) => reportList(state, at, list, depth));
  return [
    ...lists,
    ...reportAside(state, join(path, RECOVER), node.recover, depth),
    ...reportAside(state, join(path, COMPENSATE), node.compensate, depth),
  ];
}

function reportAside(state: RunState, path: string, list: List | undefined, depth: number): ReportedStep[] {
  return list === undefined || !state.steps.has(path) ? [] : reportList(state, path, list, depth);
}

/** The lists inside a step that were opened, with their paths. */
function bodies(state: RunState, path: string, node: Node): { at: string; list: List }[] {
  const { opened, branch, begun = 0, iteration = 0 } = state.steps.get(path) ?? {};
  const [first] = node.lists;
  if (opened === undefined || first === undefined) return [];
  if (opened === 'parallel') return [{ at: path, list: first }];
  // Of a compact loop what was forgotten is not shown.
  const known = (index: number) => {
    const at = join(path, String(index));
    return state.steps.has(at) ? [{ at, list: first }] : [];
  };
  if (opened === 'forEach') return Array.from({ length: begun }, (_, index) => known(index)).flat();
  if (opened === 'repeat') return Array.from({ length: iteration }, (_, index) => known(index + 1)).flat();
  const chosen = node.lists[branch ?? -1];
  return chosen === undefined ? [] : [{ at: join(path, String(branch)), list: chosen }];
}

function rowOf(state: RunState, path: string, node: Node, depth: number): ReportedStep {
  const { step } = node;
  const known = state.steps.get(path) ?? PENDING;
  const { status, attempts, startedAt, endedAt, reason, failure, output, question, items } = known;
  const { iteration, child, wait, cachedFrom } = known;
  return {
    step: path,
    id: step.id,
    name: step.name ?? step.id,
    kind: step.kind,
    depth,
    status,
    attempts,
    ...(step.kind === 'action' ? { uses: step.uses } : {}),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(startedAt === undefined || endedAt === undefined ? {} : { durationMs: endedAt - startedAt }),
    ...(reason === undefined ? {} : { reason }),
    ...(cachedFrom === undefined ? {} : { cached: true, cachedFrom }),
    ...(failure === undefined ? {} : { failure }),
    ...(output === undefined ? {} : { output }),
    ...(status !== 'waiting' || question === undefined ? {} : { question }),
    ...(status !== 'waiting' || wait === undefined ? {} : { wait }),
    ...(items === undefined ? {} : { elements: countOf(items) }),
    ...(iteration === undefined ? {} : { iteration }),
    ...(child === undefined ? {} : { child }),
  };
}
