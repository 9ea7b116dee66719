import { beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../ports/store.ts';
import { type SimulationOptions, simulateEngine } from './testing/simulation/simulate-engine.ts';

const STEPS = 2_000;
const seeds = Array.from({ length: 6 }, (_, index) => index + 1);

/** As the store should not be: what a run is appended to with the lease of somebody else. */
const withoutFence = (store: Store): Store => ({
  ...store,
  runs: { ...store.runs, append: (run, expected, events) => store.runs.append(run, expected, events) },
});

/** Or after whatever stands there. */
const withoutNumber = (store: Store): Store => ({
  ...store,
  runs: {
    ...store.runs,
    append: async (run, _, events, fence) =>
      store.runs.append(run, await store.runs.lastNumber(run), events, fence),
  },
});

/** Or it says that something was written, and it was not. */
function forgetful(store: Store): Store {
  let appends = 0;
  return {
    ...store,
    runs: {
      ...store.runs,
      append: async (run, expected, events, fence) => {
        appends += 1;
        if (appends % 50 === 0) return { ok: true, number: expected + events.length };
        return store.runs.append(run, expected, events, fence);
      },
    },
  };
}

/** What the first seed that finds anything says. */
async function found(options: Omit<SimulationOptions, 'seed' | 'steps'>): Promise<string> {
  for (let seed = 1; seed <= 80; seed += 1) {
    try {
      await simulateEngine({ seed, steps: STEPS, ...options });
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return 'nothing was found';
}

/** Parts of the engine are read when they are first needed, which takes real time that a simulated process has not. */
beforeAll(async () => {
  for (const size of ['held', 'shared'] as const) {
    await simulateEngine({ seed: 0, size, steps: STEPS }).catch(() => undefined);
  }
}, 120_000);

describe.each([
  'held',
  'shared',
] as const)('processes that crash, stop and are late, with runs %s', (size) => {
  test.each(
    seeds,
  )('seed %i: no gap, no attempt twice, no success performed again, and every run ends [WRK-40] [WRK-41]', async (seed) => {
    const tally = await simulateEngine({ seed, size, steps: STEPS });
    // Otherwise nothing was shown.
    expect(tally.attempts).toBeGreaterThan(5);
    expect(tally.crashes + tally.stops + tally.jumps + tally.lateAnswers).toBeGreaterThan(5);
  }, 120_000);

  test('the same seed gives the same again', async () => {
    const one = await simulateEngine({ seed: 7, size, steps: STEPS });
    expect(await simulateEngine({ seed: 7, size, steps: STEPS })).toEqual(one);
  }, 120_000);

  test('a store that does not look at the number that an append expects is found', async () => {
    expect(await found({ size, spoil: withoutNumber })).toMatch(/seed \d+/);
  }, 300_000);
});

test('a store that forgets what it said it had written is found', async () => {
  expect(await found({ size: 'held', spoil: forgetful })).toMatch(/seed \d+/);
}, 300_000);

test('a store that takes appends with a lease that was lost is found', async () => {
  expect(await found({ size: 'held', spoil: withoutFence })).toMatch(/lease/);
}, 300_000);

test('a queue that does not say that somebody died over a job is found', async () => {
  expect(await found({ size: 'shared', spoilClaims: true })).toMatch(/is performed by \S+, after/);
}, 300_000);
