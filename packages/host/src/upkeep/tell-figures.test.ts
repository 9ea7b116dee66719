import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClassFigures } from '../ports/figures.ts';
import type { Lease } from '../ports/lease-store.ts';
import type { Store } from '../ports/store.ts';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { type SimulatedClock, simulatedClock } from '../testing/simulated-clock.ts';
import { readFigures } from './read-figures.ts';
import { createFigureTeller } from './tell-figures.ts';

let store: Store;
let clock: SimulatedClock;
beforeEach(async () => {
  store = await openSqliteStore(':memory:');
  clock = simulatedClock();
});
afterEach(() => store.close());

const io = (waiting: number): ClassFigures => {
  return { class: 'io', places: 2, taken: 2, waiting, begun: 2, lastMinute: 2, line: [] };
};

function teller(id: string) {
  const state = { classes: [] as ClassFigures[] };
  const puts: number[] = [];
  const figures = {
    ...store.pools.figures,
    async put(told: Parameters<typeof store.pools.figures.put>[0]) {
      puts.push(told.classes[0]?.waiting ?? -1);
      await store.pools.figures.put(told);
    },
  };
  const made = createFigureTeller({
    store: figures,
    clock,
    holder: { holder: id, host: 'here', pid: 1 },
    look: () => ({ classes: state.classes, pools: [] }),
    failed: (error) => {
      throw error;
    },
  });
  return { ...made, state, puts };
}

test('[WRK-125] others hear what a process does while that changes, and nothing is written while it does not', async () => {
  const { begin, end, state, puts } = teller('process_1');
  begin();
  await clock.advance(60_000);
  expect(puts).toEqual([]);
  state.classes = [io(3)];
  await clock.advance(2_000);
  await clock.advance(600_000);
  state.classes = [io(1)];
  await clock.advance(2_000);
  expect(puts).toEqual([3, 1]);
  expect(await store.pools.figures.list()).toMatchObject([{ process: 'process_1', classes: [io(1)] }]);
  await end();
  await clock.advance(60_000);
  expect(await store.pools.figures.list()).toEqual([]);
});

test('[WRK-125] of a process that is dead nothing is told', async () => {
  for (const id of ['process_1', 'process_2', 'process_3']) {
    const { begin, state } = teller(id);
    state.classes = [io(1)];
    begin();
    if (id === 'process_3') continue;
    const holder = { holder: id, host: 'here', pid: 1, processStart: id };
    await store.leases.acquire(`work:*:${id}`, holder, 30_000, clock.now(), () => false);
  }
  await clock.advance(2_000);
  const isDead = ({ holder }: Lease) => holder === 'process_2';
  const read = await readFigures(store.pools.figures, store.leases, isDead);
  expect(read.map(({ process }) => process)).toEqual(['process_1']);
});
