import { openWorld, type ProcessOptions } from '../../src/engine/testing/world.ts';
import { until } from '../../src/testing/until.ts';
import type { Play } from './play-case.ts';
import type { ConformanceCase } from './read-cases.ts';
import { openStage, type Stage } from './stage.ts';

/** Ten minutes of simulated time. */
const MOST_LOOKS = 12_000;
const LOOK_MS = 50;

export type OpenPlay = Play & { readonly stage: Stage };

/** One process on SQLite with simulated time, or with a server `many` that share the work in real time. */
export async function openPlay(
  cases: readonly ConformanceCase[],
  server?: { readonly url: string; readonly many: number },
  options: ProcessOptions = {},
): Promise<OpenPlay> {
  const world = openWorld(server?.url);
  const stage = openStage();
  const workflows = Object.assign({}, ...cases.map(({ others }) => others));
  const processes = [];
  for (let count = 0; count < (server?.many ?? 1); count += 1) {
    processes.push(await world.process(stage.scripts, { workflows, atOnce: 50, ...options }));
  }
  return { world, stage, processes, until: server === undefined ? simulated(world) : patient };
}

export function simulated(world: Play['world']): Play['until'] {
  return async (what, holds) => {
    for (let look = 0; look < MOST_LOOKS; look += 1) {
      await world.clock.advance(look === 0 ? 0 : LOOK_MS);
      if (await holds()) return;
    }
    throw new Error(`not within ${(MOST_LOOKS * LOOK_MS) / 1_000} s: ${what}`);
  };
}

export const patient: Play['until'] = (what, holds) => until(what, holds, 60_000);
