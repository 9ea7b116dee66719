import { isCadreError, isOver, type NumberedEvent, type RunState } from '@cadre/core';
import type { SimulatedProcess, World } from '../../src/engine/testing/world.ts';
import type { Journal } from './journal-text.ts';
import type { ConformanceCase, Move } from './read-cases.ts';

/** The processes that take turns in what people want; on a shared store they share the work, too. */
export interface Play {
  readonly world: World;
  readonly processes: readonly SimulatedProcess[];
  /** Passes time until it holds. */
  readonly until: (what: string, holds: () => Promise<boolean>) => Promise<void>;
  /** Somebody who died has played some of it already; their first run has this id. */
  readonly again?: true;
  readonly id?: string;
}

const PRINCIPAL = 'user:ada';

/** Plays a case to its end and gives the journals of all its runs, each followed by those of the runs inside it. */
export async function playCase(play: Play, given: ConformanceCase): Promise<readonly Journal[]> {
  const { story } = given;
  const runs = [await startRun(play, given, story.inputs, 1)];
  for (const [index, move] of story.moves.entries()) {
    if (play.again === true && (await isMade(play, given, runs, index))) continue;
    // Whoever wants another run wants it whatever became of the first meanwhile.
    const soon = play.again === true && move.start !== undefined;
    const step = soon ? '' : await waitFor(play, given, runs[(move.run ?? 1) - 1] ?? '', move);
    const started = await made(move, () => make(play, given, runs, move, step, index));
    if (started !== undefined) runs.push(started);
  }
  for (const run of runs) {
    await play.until(`${given.name}: ${run} is over`, async () => {
      const state = await stateOf(play, run);
      if (play.again === true) await answerForTheDead(play, run, state);
      return isOver(state.status);
    });
  }
  const journals: Journal[] = [];
  for (const run of runs) journals.push(...(await journalsOf(play, run)));
  return journals;
}

async function startRun(
  { processes: [first], id }: Play,
  { workflow, story }: ConformanceCase,
  inputs: ConformanceCase['story']['inputs'],
  number: number,
): Promise<string> {
  if (first === undefined) throw new Error('there is no process');
  const trigger = { kind: 'manual' };
  const given = { workflow, inputs, mode: story.mode, trigger, principal: PRINCIPAL };
  const named = id === undefined ? {} : { id: `${id}-${number}` };
  try {
    return await first.engine.start({ ...given, ...named });
  } catch (error) {
    if (isCadreError(error) && error.code === 'exists') return `${id}-${number}`;
    throw error;
  }
}

/** Whether a move stands in the journal already, or has come too late to be made. */
async function isMade(
  play: Play,
  { story }: ConformanceCase,
  runs: string[],
  index: number,
): Promise<boolean> {
  const move = story.moves[index] as Move;
  if (move.refused !== undefined) return true;
  const { store } = play.processes[0] as SimulatedProcess;
  if (move.start !== undefined) return false;
  if (move.rerun !== undefined) {
    const { runs: all } = await store.runs.list({ workflow: 'rerun', limit: 1_000 });
    for (const { id } of all) {
      const [created] = await store.runs.readEvents(id, 0, 1);
      if (created?.type !== 'run.created' || created.trigger['run'] !== runs[0]) continue;
      runs.push(id);
      return true;
    }
    return false;
  }
  const run = runs[(move.run ?? 1) - 1] ?? '';
  // Cancelling it once more changes nothing.
  if (move.cancel !== undefined && (await stateOf(play, run)).status === 'cancelling') return true;
  const fits = (event: NumberedEvent) => isOf(move, event);
  const before = story.moves
    .slice(0, index)
    .filter((other) => other.refused === undefined && sameKind(other, move));
  const events = await store.runs.readEvents(run, 0);
  return events.filter(fits).length > before.length || isOver((await stateOf(play, run)).status);
}

function isOf({ answer, delegate, signal, when = '', step }: Move, event: NumberedEvent): boolean {
  const asked = step ?? when.split(' is ')[0];
  if (answer !== undefined) return event.type === 'step.answered' && event.step === asked;
  if (delegate !== undefined) return event.type === 'step.delegated' && event.step === asked;
  if (signal !== undefined) return event.type === 'run.signalled' && event.topic === signal;
  return event.type === 'run.cancelling';
}

function sameKind(one: Move, other: Move): boolean {
  const key = ({ answer, delegate, signal, step, when = '' }: Move) =>
    answer !== undefined || delegate !== undefined
      ? `${answer !== undefined} ${step ?? when.split(' is ')[0]}`
      : (signal ?? '');
  return key(one) === key(other) && (one.run ?? 1) === (other.run ?? 1);
}

/** A step whose process died, and which may not be repeated without asking, is tried again. */
async function answerForTheDead(play: Play, run: string, state: RunState): Promise<void> {
  const { engine } = play.processes[0] as SimulatedProcess;
  for (const step of state.waiting) {
    if (state.steps.get(step)?.question?.kind !== 'interrupted') continue;
    await engine.answer(run, step, { by: PRINCIPAL, answer: 'retry' }).catch((error: unknown) => {
      if (!isCadreError(error)) throw error;
    });
  }
}

/** Waits for what the move waits for, and answers the step that it is about. */
async function waitFor(play: Play, { name }: ConformanceCase, run: string, move: Move): Promise<string> {
  if (move.when === undefined) return move.step ?? '';
  const [step = '', status = ''] = move.when.split(' is ');
  await play.until(`${name}: ${move.when}`, async () => {
    const state = await stateOf(play, run);
    return (step === 'run' ? state.status : (state.steps.get(step)?.status ?? 'pending')) === status;
  });
  return move.step ?? step;
}

async function made({ refused }: Move, make: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    const started = await make();
    if (refused === undefined) return started;
  } catch (error) {
    if (isCadreError(error) && error.code === refused) return undefined;
    throw error;
  }
  throw new Error(`it was not refused with ${refused}`);
}

async function make(
  play: Play,
  given: ConformanceCase,
  runs: readonly string[],
  move: Move,
  step: string,
  index: number,
): Promise<string | undefined> {
  const { engine } = play.processes[index % play.processes.length] as SimulatedProcess;
  const run = runs[(move.run ?? 1) - 1] ?? '';
  const { by = PRINCIPAL, answer, data, delegate, signal, cancel, start, rerun } = move;
  if (answer !== undefined) {
    await engine.answer(run, step, { by, answer, ...(data === undefined ? {} : { data }) });
  }
  if (delegate !== undefined) await engine.delegate(run, step, by, delegate);
  if (signal !== undefined) await engine.signal(run, by, signal, data ?? null);
  if (cancel !== undefined) await engine.cancel(run, by, cancel);
  if (start !== undefined) return startRun(play, given, start, runs.length + 1);
  if (rerun !== undefined) return engine.rerun(run, rerun, by);
  return undefined;
}

export async function stateOf({ processes }: Play, run: string): Promise<RunState> {
  const { engine } = processes[0] as SimulatedProcess;
  return (await engine.get(run)).state;
}

export async function journalsOf({ processes }: Pick<Play, 'processes'>, run: string): Promise<Journal[]> {
  const { store } = processes[0] as SimulatedProcess;
  const events = await store.runs.readEvents(run, 0);
  const [created] = events;
  if (created?.type !== 'run.created') throw new Error(`${run} has no beginning`);
  const children = events.flatMap((event) =>
    event.type === 'step.started' && event.child !== undefined ? [event.child] : [],
  );
  const inside: Journal[] = [];
  for (const child of children) {
    if ((await store.runs.lastNumber(child)) > 0) inside.push(...(await journalsOf({ processes }, child)));
  }
  return [{ run, workflow: created.workflow, events }, ...inside];
}
