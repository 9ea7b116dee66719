import type { RunStore } from '../ports/store.ts';
import { readEvents } from './read-events.ts';

type Effects = Awaited<ReturnType<RunStore['readEffects']>>;

/** What a run did and what the runs inside it did, in the order of the steps that they are. */
export async function effectsWithin(runs: RunStore, run: string): Promise<Effects> {
  const own = await runs.readEffects(run);
  const inside: { step: string; effects: readonly unknown[] }[] = [];
  for await (const event of readEvents(runs, run)) {
    if (event.type !== 'step.started' || event.child === undefined) continue;
    // It may never have come to be.
    if ((await runs.lastNumber(event.child)) === 0) continue;
    for (const each of await effectsWithin(runs, event.child)) {
      inside.push({ step: `${event.step}/${each.step}`, effects: each.effects });
    }
  }
  return [...own, ...inside];
}
