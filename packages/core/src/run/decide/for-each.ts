import type { JsonValue } from '@cadre/sdk';
import { loadArtifact } from '../../artifact/load-artifacts.ts';
import { CadreError } from '../../errors.ts';
import type { Step } from '../../workflow/workflow.ts';
import { countOf } from '../items.ts';
import type { List } from '../outline.ts';
import { join } from '../path.ts';
import { closeContainer, deadlineOf, isForgettable } from './container.ts';
import { type Draft, emit, type ListPlace, type StepPlace, stepAt } from './draft.ts';
import { advanceList, stoppedIn } from './list.ts';
import { isClosed, listOutput } from './list-state.ts';
import { evaluateFor, outcomeOf } from './scope.ts';
import { fail, stopReason } from './stop.ts';

/** Elements at once where `atMost` is not given: what a machine of eight cores can do at a time. */
const DEFAULT_AT_MOST = 8;

/** Of a longer forEach only the outputs of its elements are kept once they are over. */
const MOST_KEPT = 1_000;

export function openForEach(draft: Draft, place: StepPlace): void {
  const { path } = place;
  const items = outcomeOf(path, () => itemsOf(draft, place));
  if (!items.ok) {
    emit(draft, { type: 'step.failed', step: path, failure: items.failure });
    return;
  }
  const many = items.output.length > MOST_KEPT && isForgettable(place.node);
  emit(draft, {
    type: 'step.opened',
    step: path,
    items: items.output,
    ...(many ? { compact: true } : {}),
    ...deadlineOf(draft, place),
  });
  advanceForEach(draft, place, []);
}

function itemsOf(draft: Draft, place: StepPlace): readonly JsonValue[] {
  const { step } = place.node;
  const given = step.kind === 'forEach' ? evaluateFor(draft, place, step.items) : null;
  const items = loadArtifact(given, draft.moment.artifacts?.find);
  if (Array.isArray(items)) return items;
  const type = items === null ? 'null' : typeof items;
  throw new CadreError(
    'invalid_expression',
    `forEach of '${place.path}' needs a list and was given ${type}`,
    {
      hint: 'give it a list, or an expression whose value is one',
    },
  );
}

/** `changed` are the paths of elements in which something happened. */
export function advanceForEach(draft: Draft, place: StepPlace, changed: readonly string[]): void {
  for (const path of changed) closeElement(draft, place, { path, list: bodyOf(place) });
  beginElements(draft, place);
  const { items = [], over = 0, begun = 0 } = stepAt(draft, place.path);
  const stopped = stopReason(draft.state, place.path) !== undefined;
  const count = countOf(items);
  if (over < (stopped ? begun : count)) return;
  const { results } = stepAt(draft, place.path);
  const indexes = Array.from({ length: count }, (_, index) => index);
  const element = (index: number) => draft.state.steps.get(join(place.path, String(index)));
  const isDone = (index: number) => results?.has(index) === true || element(index)?.status === 'succeeded';
  closeContainer(draft, place.path, place.path, {
    stopped: () => indexes.some((index) => !isDone(index)),
    output: () => indexes.map((index) => results?.get(index) ?? element(index)?.output ?? null),
  });
}

/** Elements under way at once. */
export function atMostOf({ atMost }: Extract<Step, { readonly kind: 'forEach' }>): number {
  return Math.max(1, atMost ?? DEFAULT_AT_MOST);
}

function beginElements(draft: Draft, place: StepPlace): void {
  const { step } = place.node;
  const atMost = step.kind === 'forEach' ? atMostOf(step) : 1;
  for (;;) {
    const { items = [], begun = 0, over = 0 } = stepAt(draft, place.path);
    if (begun === countOf(items) || begun - over >= atMost) return;
    if (stopReason(draft.state, place.path) !== undefined) return;
    const element = { path: join(place.path, String(begun)), list: bodyOf(place) };
    draft.visit(element.path);
    advanceList(draft, element, []);
    closeElement(draft, place, element);
  }
}

/** An element is no step of the text and has no `onError`: when it fails, the forEach does. */
function closeElement(draft: Draft, place: StepPlace, element: ListPlace): void {
  if (draft.state.steps.get(element.path)?.endedAt !== undefined) return;
  if (!isClosed(draft.state, element.path, element.list)) return;
  closeContainer(draft, element.path, element.path, {
    stopped: () => stoppedIn(draft, element),
    output: () => listOutput(draft.state, element.path, element.list),
  });
  const { status, failure } = draft.state.steps.get(element.path) ?? {};
  if (status === 'failed' && failure !== undefined) fail(draft, place.path, failure);
}

function bodyOf({ path, node }: StepPlace): List {
  const [list] = node.lists;
  if (list === undefined) throw new Error(`bug: the step '${path}' has no body`);
  return list;
}
