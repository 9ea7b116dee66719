import { failure, type Outcome } from '@cadre/sdk';
import type { Step } from '../../workflow/workflow.ts';
import { join } from '../path.ts';
import { closeContainer, deadlineOf, isForgettable } from './container.ts';
import { type Draft, emit, type ListPlace, type StepPlace, stepAt } from './draft.ts';
import { advanceList, stoppedIn } from './list.ts';
import { isClosed, listOutput } from './list-state.ts';
import { evaluateInside, outcomeOf } from './scope.ts';
import { fail, stopReason } from './stop.ts';

type Repeat = Extract<Step, { readonly kind: 'repeat' }>;

export function openRepeat(draft: Draft, place: StepPlace): void {
  const compact = isForgettable(place.node) ? { compact: true as const } : {};
  emit(draft, {
    type: 'step.opened',
    step: place.path,
    repeats: true,
    ...compact,
    ...deadlineOf(draft, place),
  });
  goOn(draft, place);
}

/** Something happened in the present going-through. */
export function advanceRepeat(draft: Draft, place: StepPlace): void {
  const body = bodyOf(draft, place);
  if (!isClosed(draft.state, body.path, body.list)) return;
  if (stepAt(draft, place.path).dueAt === undefined || isCut(draft, place, body)) goOn(draft, place);
}

/** The time of the next going-through has come. False: it has not. */
export function wakeRepeat(draft: Draft, place: StepPlace): boolean {
  const { dueAt, iteration } = stepAt(draft, place.path);
  if (iteration === undefined || dueAt === undefined || dueAt > draft.moment.now) return false;
  iterate(draft, place);
  return true;
}

/** As often as what is inside needs nothing from outside. */
function goOn(draft: Draft, place: StepPlace): void {
  for (;;) {
    const body = bodyOf(draft, place);
    const { iteration = 0, status } = stepAt(draft, place.path);
    if (status !== 'running') return;
    if (iteration > 0 && !isClosed(draft.state, body.path, body.list)) return;
    if (!goesOn(draft, place, body, iteration)) {
      close(draft, place, body);
      return;
    }
    if (pauses(draft, place)) return;
    begin(draft, place);
  }
}

/** A step inside failed for good, or something around it is being stopped. */
function isCut(draft: Draft, place: StepPlace, body: ListPlace): boolean {
  return draft.state.failing.has(body.path) || stopReason(draft.state, place.path) !== undefined;
}

function close(draft: Draft, place: StepPlace, body: ListPlace): void {
  closeContainer(draft, place.path, body.path, {
    stopped: () => stoppedIn(draft, body) || stopReason(draft.state, place.path) !== undefined,
    output: () => (draft.state.steps.has(body.path) ? listOutput(draft.state, body.path, body.list) : null),
  });
}

function goesOn(draft: Draft, place: StepPlace, body: ListPlace, done: number): boolean {
  if (isCut(draft, place, body)) return false;
  const again = asksForMore(draft, place, done);
  if (!again.ok) fail(draft, place.path, again.failure);
  return again.ok && again.output;
}

/** One more than `max` is a failure: what was to become true did not. */
function asksForMore(draft: Draft, place: StepPlace, done: number): Outcome<boolean> {
  const step = stepOf(place);
  const wanted = wantsMore(draft, place, step, done);
  if (!wanted.ok || !wanted.output || done < step.max) return wanted;
  const condition = step.until ?? step.while;
  const message = `'${place.path}' was gone through ${done} times, and ${condition} still asks for more`;
  const hint = 'raise its `max`, or look at why what it waits for does not come';
  return { ok: false, failure: failure('max_reached', message, { hint, details: { step: place.path } }) };
}

function wantsMore(draft: Draft, place: StepPlace, step: Repeat, done: number): Outcome<boolean> {
  // `until` is asked after a going-through; a rehearsal takes one for all.
  if (step.until !== undefined && done === 0) return { ok: true, output: true };
  if (draft.state.mode === 'plan' && done > 0) return { ok: true, output: false };
  const condition = step.until ?? step.while ?? '';
  const inside = join(place.path, String(done));
  return outcomeOf(
    place.path,
    () => evaluateInside(draft, place, inside, condition) !== (step.until !== undefined),
  );
}

function pauses(draft: Draft, place: StepPlace): boolean {
  const { everyMs } = stepOf(place);
  const { iteratedAt } = stepAt(draft, place.path);
  if (everyMs === undefined || iteratedAt === undefined || draft.state.mode === 'plan') return false;
  const dueAt = iteratedAt + everyMs;
  if (dueAt <= draft.moment.now) return false;
  emit(draft, { type: 'step.pausing', step: place.path, dueAt });
  return true;
}

function iterate(draft: Draft, place: StepPlace): void {
  begin(draft, place);
  goOn(draft, place);
}

function begin(draft: Draft, place: StepPlace): void {
  const { iteration = 0 } = stepAt(draft, place.path);
  emit(draft, { type: 'step.iterating', step: place.path, iteration: iteration + 1 });
  const body = bodyOf(draft, place);
  draft.visit(body.path);
  advanceList(draft, body, []);
}

function bodyOf(draft: Draft, { path, node }: StepPlace): ListPlace {
  const { iteration = 0 } = stepAt(draft, path);
  const [list] = node.lists;
  if (list === undefined) throw new Error(`bug: the step '${path}' has no body`);
  return { path: join(path, String(iteration)), list };
}

function stepOf({ path, node }: StepPlace): Repeat {
  if (node.step.kind !== 'repeat') throw new Error(`bug: the step '${path}' repeats nothing`);
  return node.step;
}
