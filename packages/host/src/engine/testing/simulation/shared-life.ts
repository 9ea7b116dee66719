import type { Life } from './schedule.ts';
import type { Ask } from './scheduled-store.ts';
import type { SharedModel } from './shared-model.ts';

/** How a simulated process shares the work. `forgets`: its queue does not say that somebody died over a job. */
export function sharingOf(
  model: SharedModel,
  life: Life,
  ask: Ask,
  forgets: boolean,
  bad: (error: unknown) => void,
) {
  const { shared, queue } = model.seenBy(life, ask);
  const forgetful = {
    ...queue,
    take: async (...given: Parameters<typeof queue.take>) =>
      (await queue.take(...given)).map((claim) => ({ ...claim, deaths: 0 })),
  };
  return {
    shared,
    queue: forgets ? forgetful : queue,
    knownClasses: ['io', 'cpu'],
    everywhere: () => undefined,
    warn: bad,
  };
}
