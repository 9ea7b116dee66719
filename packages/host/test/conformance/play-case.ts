import { isCadreError, isOver, type RunState } from '@cadre/core';
import type { SimulatedProcess, World } from '../../src/engine/testing/world.ts';
import type { Journal } from './journal-text.ts';
import type { ConformanceCase, Move } from './read-cases.ts';

/** The processes that take turns in what people want; on a shared store they share the work, too. */
export interface Play {
  readonly world: World;
  readonly processes: readonly SimulatedProcess[];
  /** Passes time until it holds. */
  readonly until: (what: string, holds: () => Promise<boolean>) => Promise<void>;
}

const PRINCIPAL = 'user:ada';

/** Plays a case to its end and gives the journals of all its runs, each followed by those of the runs inside it. */
export async function playCase(play: Play, given: ConformanceCase): Promise<readonly Journal[]> {
  const { story } = given;
  const runs = [await startRun(play, given, story.inputs)];
  for (const [index, move] of story.moves.entries()) {
    const step = await waitFor(play, given, runs[(move.run ?? 1) - 1] ?? '', move);
    const started = await made(move, () => make(play, given, runs, move, step, index));
    if (started !== undefined) runs.push(started);
  }
  for (const run of runs) {
    await play.until(`${given.name}: ${run} is over`, async () => isOver((await stateOf(play, run)).status));
  }
  const journals: Journal[] = [];
  for (const run of runs) journals.push(...(await journalsOf(play, run)));
  return journals;
}

export function startRun(
  { processes: [first] }: Play,
  { workflow, story }: ConformanceCase,
  inputs: ConformanceCase['story']['inputs'],
): Promise<string> {
  if (first === undefined) throw new Error('there is no process');
  const trigger = { kind: 'manual' };
  return first.engine.start({ workflow, inputs, mode: story.mode, trigger, principal: PRINCIPAL });
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
  if (start !== undefined) return startRun(play, given, start);
  if (rerun !== undefined) return engine.rerun(run, rerun, by);
  return undefined;
}

export async function stateOf({ processes }: Play, run: string): Promise<RunState> {
  const { engine } = processes[0] as SimulatedProcess;
  return (await engine.get(run)).state;
}

export async function journalsOf({ processes }: Play, run: string): Promise<Journal[]> {
  const { store } = processes[0] as SimulatedProcess;
  const events = await store.runs.readEvents(run, 0);
  const [created] = events;
  if (created?.type !== 'run.created') throw new Error(`${run} has no beginning`);
  const children = events.flatMap((event) =>
    event.type === 'step.started' && event.child !== undefined ? [event.child] : [],
  );
  const inside: Journal[] = [];
  for (const child of children) {
    if ((await store.runs.lastNumber(child)) > 0)
      inside.push(...(await journalsOf({ processes } as Play, child)));
  }
  return [{ run, workflow: created.workflow, events }, ...inside];
}
