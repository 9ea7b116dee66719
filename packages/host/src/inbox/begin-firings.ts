import { isCadreError, type Trigger } from '@cadre/core';
import type { StartRequest } from '../engine/start-run.ts';
import type { Firing } from '../ports/firing-store.ts';
import { type InboxContext, principalOf } from './context.ts';
import { requestOf, runIdOf } from './run-of-firing.ts';
import { settleFirings } from './settle-firings.ts';

/** FND-76: so much waiting is worth one level of priority. */
export const AGING_MS = 900_000;

const MOST_AT_ONCE = 200;
/** A process that noted a run and has not made it by now is taken for dead; making it twice makes one. */
const UNSTARTED_MS = 30_000;

type Prepared =
  | {
      readonly ready: true;
      readonly trigger: Trigger;
      readonly firing: Firing;
      readonly request: StartRequest;
    }
  | { readonly ready: false };

/**
 * Notes what is over and starts what may be started now. A firing is noted as running under the id of its run before the run is made, and the
 * id follows from the firing: dying in between, and two processes at once, come to one run.
 */
export async function beginFirings(context: InboxContext, started: (run: string) => void): Promise<void> {
  const { firings, clock } = context;
  const busy = new Set<string>();
  for (;;) {
    // Those that are over and not noted so would be looked at for each that is begun.
    await settleFirings(context);
    const free = context.atOnce - (await firings.countRunning());
    if (free <= 0) return;
    const ready = await firings.listReady(clock.now(), AGING_MS, Math.min(MOST_AT_ONCE, free), [...busy]);
    if (ready.length === 0) return;
    const triggers = await context.triggers();
    const prepared: Prepared[] = [];
    for (const firing of ready) prepared.push(await prepare(context, triggers, firing));
    const outcomes = await Promise.all(
      prepared.map((one) => (one.ready ? begin(context, one, started) : 'ended')),
    );
    outcomes.forEach((outcome, index) => {
      if (outcome === 'busy') busy.add(ready[index]?.trigger ?? '');
    });
    // What was taken by others, or paused, is not asked for again now.
    if (outcomes.includes('full') || outcomes.every((outcome) => outcome === 'gone')) return;
  }
}

/** One firing, whoever else waits; the run's id, or why it was not begun. */
export async function beginOne(
  context: InboxContext,
  firing: Firing,
): Promise<{ readonly run: string } | { readonly refused: 'busy' | 'full' | 'gone' | 'ended' }> {
  const prepared = await prepare(context, await context.triggers(), firing);
  if (!prepared.ready) return { refused: 'ended' };
  const outcome = await begin(context, prepared, () => undefined);
  return outcome === 'begun' ? { run: runIdOf(firing, firing.attempt) } : { refused: outcome };
}

/** Makes the runs that were noted by a process that died before it made them. */
export async function startUnstarted(context: InboxContext, started: (run: string) => void): Promise<void> {
  const { firings, clock } = context;
  const triggers = await context.triggers();
  for (const firing of await firings.listUnstarted(clock.now() - UNSTARTED_MS, MOST_AT_ONCE)) {
    const prepared = await prepare(context, triggers, firing);
    if (prepared.ready) await start(context, prepared, started);
  }
}

/** What can only be wrong for good ends the firing here. */
async function prepare(
  context: InboxContext,
  triggers: readonly Trigger[],
  firing: Firing,
): Promise<Prepared> {
  const trigger = triggers.find(({ name }) => name === firing.trigger);
  const end = async (status: 'skipped' | 'dead', code: string, message: string): Promise<Prepared> => {
    await context.firings.end(firing.id, firing.attempt, context.clock.now(), {
      status,
      failure: { code, message },
    });
    return { ready: false };
  };
  if (trigger === undefined) return end('skipped', 'trigger_not_found', 'there is no such trigger any more');
  if (!trigger.enabled) return end('skipped', 'disabled', 'the trigger is disabled');
  try {
    const request = requestOf(trigger, firing, await context.findWorkflow(trigger.run));
    if (request === undefined) return end('skipped', 'if', 'its condition does not hold');
    return { ready: true, trigger, firing, request };
  } catch (error) {
    if (!isCadreError(error)) throw error;
    return end('dead', error.code, error.message);
  }
}

async function begin(
  context: InboxContext,
  prepared: Prepared & { readonly ready: true },
  started: (run: string) => void,
): Promise<'begun' | 'busy' | 'full' | 'gone'> {
  const { firings, engine, clock, atOnce } = context;
  const { trigger, firing } = prepared;
  const begun = await firings.begin(firing.id, {
    attempt: firing.attempt,
    run: runIdOf(firing, firing.attempt),
    now: clock.now(),
    // What is made up for would skip itself.
    overlap: trigger.overlap === 'skip' && firing.event['late'] === true ? 'queue' : trigger.overlap,
    atOnce,
  });
  if (!begun.ok) return begun.reason;
  for (const run of begun.cancel) {
    await engine.cancel(run, principalOf(trigger.name), 'a newer firing takes its place').catch(ignoreOver);
  }
  await start(context, prepared, started);
  return 'begun';
}

async function start(
  { engine, firings, clock }: InboxContext,
  { firing, request }: Prepared & { readonly ready: true },
  started: (run: string) => void,
): Promise<void> {
  const run = runIdOf(firing, firing.attempt);
  try {
    await engine.start(request);
  } catch (error) {
    const isThere = await engine.record(run).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      if (!isCadreError(error)) throw error;
      // A store that cannot be reached, a process that closes: the next one makes the run.
      if (error.code === 'store_unavailable') return;
      const failure = { code: error.code, message: error.message };
      await firings.end(firing.id, firing.attempt, clock.now(), { status: 'dead', failure });
      return;
    }
  }
  started(run);
}

function ignoreOver(error: unknown): void {
  if (!isCadreError(error) || !['run_over', 'run_not_found'].includes(error.code)) throw error;
}
