import { isOver, type NumberedEvent, restore } from '@cadre/core';
import pg from 'pg';
import { openWorld, runSample, type SimulatedProcess, type World } from '../../src/engine/testing/world.ts';
import { crashingAppends } from '../../src/testing/crashing-appends.ts';
import { sampleStep, sampleWorkflow } from '../../src/testing/sample-workflow.ts';
import { patient, simulated } from './open-play.ts';
import { journalsOf, type Play, playCase } from './play-case.ts';
import type { ConformanceCase } from './read-cases.ts';
import { openStage, type Stage } from './stage.ts';

/** Where a case is played: on SQLite, or in a schema of a server. */
export type Ground = { readonly url: string; readonly schema: string } | undefined;

export interface Kill {
  /** At which append, from 1. */
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** What a case leaves when nothing is in its way. */
export interface Calm {
  readonly appends: number;
  /** How each step and each run ended. */
  readonly ends: string;
}

/** `missed`: the case was over before the kill. */
export type Verdict = 'kept' | 'missed' | { readonly wrong: string };

let cells = 0;

export async function playCalmly(given: ConformanceCase, ground: Ground): Promise<Calm> {
  const world = openWorld(ground?.url, ground?.schema);
  try {
    let appends = () => 0;
    let arm = () => {};
    const player = await world.process(openStage().scripts, {
      workflows: given.others,
      atOnce: 50,
      wrap: (store) => {
        const never = { at: Number.POSITIVE_INFINITY, when: 'before', died: () => {} } as const;
        const counting = crashingAppends(store, never, false);
        ({ appends, arm } = counting);
        return counting;
      },
    });
    await warmUp(player);
    arm();
    const journals = await playCase(playOf(world, ground, [player]), given);
    return { appends: appends(), ends: endsOf(journals.map(({ events }) => events)) };
  } finally {
    await world.close();
  }
}

/** Plays a case until its process dies, lets another one finish it, and says whether everything is as it is without that. */
export async function killCase(
  given: ConformanceCase,
  ground: Ground,
  kill: Kill,
  calm: Calm,
): Promise<Verdict> {
  const world = openWorld(ground?.url, ground?.schema);
  try {
    return await killIn(world, given, ground, kill, calm);
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  } finally {
    await world.close();
  }
}

async function killIn(
  world: World,
  given: ConformanceCase,
  ground: Ground,
  kill: Kill,
  calm: Calm,
): Promise<Verdict> {
  const stage = openStage(async (run, step) => {
    const events = await victim.store.runs.readEvents(run, 0);
    return events.filter((event) => event.type === 'step.interrupted' && event.step === step).length;
  });
  const options = { workflows: given.others, atOnce: 50 };
  cells += 1;
  const id = `killed${cells}`;
  let died = () => {};
  let dead = false;
  const death = new Promise<'dead'>((resolve) => {
    died = () => {
      dead = true;
      victim.die();
      resolve('dead');
    };
  });
  let arm = () => {};
  const victim = await world.process(stage.scripts, {
    ...options,
    wrap: (store) => {
      const crashing = crashingAppends(store, { ...kill, died: () => died() }, false);
      arm = crashing.arm;
      return crashing;
    },
  });
  await warmUp(victim);
  arm();
  const playing = playCase({ ...playOf(world, ground, [victim], () => dead), id }, given);
  const first = await Promise.race([playing, death]);
  if (first !== 'dead') return 'missed';
  if (ground === undefined) await world.clock.advance(0);
  else await settled(victim.store.runs, `${id}-1`);
  const looking = { processes: [victim] };
  const before =
    (await victim.store.runs.lastNumber(`${id}-1`)) === 0 ? [] : await journalsOf(looking, `${id}-1`);
  const performed = stage.calls.length;

  const survivor = await world.process(stage.scripts, options);
  if (ground !== undefined) await letClaimsLapse(ground);
  await survivor.engine.recover();
  const journals = await playCase({ ...playOf(world, ground, [survivor]), id, again: true }, given);

  const ends = endsOf(journals.map(({ events }) => events));
  if (ends !== calm.ends) return { wrong: `it ended otherwise:\n${ends}\ninstead of:\n${calm.ends}` };
  for (const { run, events } of before) {
    const after = journals.find((one) => one.run === run)?.events ?? [];
    const wrong = compare(run, events, after, stage, performed);
    if (wrong !== undefined) return { wrong };
  }
  return 'kept';
}

/**
 * Its queue is open before anything counts: a killed process leaves no transaction behind, but one that only seems to be
 * dead would, when it stopped in the middle of opening.
 */
async function warmUp({ engine }: SimulatedProcess): Promise<void> {
  const steps = [sampleStep('gives', { kind: 'action', uses: 'play/give', with: {} })];
  await runSample(engine, sampleWorkflow(steps, { name: 'warm-up' }));
}

function playOf(
  world: World,
  ground: Ground,
  processes: Play['processes'],
  stop: () => boolean = () => false,
): Play {
  const until = ground === undefined ? simulated(world) : patient;
  const never = new Promise<never>(() => undefined);
  return {
    world,
    processes,
    until: (what, holds) => until(what, async () => (stop() ? never : holds())),
  };
}

function compare(
  run: string,
  before: readonly NumberedEvent[],
  after: readonly NumberedEvent[],
  { calls }: Stage,
  performed: number,
): string | undefined {
  if (JSON.stringify(after.slice(0, before.length)) !== JSON.stringify(before))
    return `what ${run} had written is lost`;
  if (after.some((event, index) => event.number !== index + 1)) return `the journal of ${run} has a gap`;
  const done = new Set(before.flatMap((event) => (event.type === 'step.succeeded' ? [event.step] : [])));
  const again = calls.slice(performed).find((call) => call.run === run && done.has(call.step));
  if (again !== undefined) return `${again.step} had succeeded and was performed again`;
  const keys = calls.filter((call) => call.run === run).map(({ step, attempt }) => `${step} ${attempt}`);
  if (new Set(keys).size !== keys.length)
    return `an attempt of ${run} was performed twice: ${keys.join(', ')}`;
  return undefined;
}

/**
 * How everything ended, by run in the order of their beginning, whatever it took. An attempt that was to end with its run's
 * time ends as cancelled when its process died meanwhile.
 */
function endsOf(journals: readonly (readonly NumberedEvent[])[]): string {
  return journals
    .map((events) => {
      const state = restore(events);
      const steps = [...state.steps]
        .filter(([, { status }]) => isOver(status))
        .map(([path, { status }]) => `${path} ${status === 'timed_out' ? 'cancelled' : status}`);
      return [
        `${state.workflow} ${state.status} ${JSON.stringify(state.output ?? null)}`,
        ...steps.sort(),
      ].join('\n');
    })
    .join('\n');
}

/** A commit that was under way when its process died comes, or does not: nobody waits for it. */
async function settled(runs: { lastNumber(run: string): Promise<number> }, run: string): Promise<void> {
  let number = await runs.lastNumber(run);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = await runs.lastNumber(run);
    if (now === number) return;
    number = now;
  }
}

/** Instead of waiting for the ten seconds after which a claim that nobody touches is given to somebody else. */
async function letClaimsLapse({ url, schema }: NonNullable<Ground>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(
      `UPDATE ${schema}_work.job SET heartbeat_on = now() - interval '1 hour' WHERE state = 'active';
        UPDATE ${schema}_work.direct SET beat_on = now() - interval '1 hour'`,
    );
  } finally {
    await client.end();
  }
}
