import { afterEach, beforeEach, expect, test } from 'vitest';
import { crashingStore } from '../testing/crashing-store.ts';
import { HOUR, type InboxWorld, MINUTE, openInboxWorld } from './testing/inbox-world.ts';

let world: InboxWorld;
beforeEach(() => {
  world = openInboxWorld();
});
afterEach(() => world.close());

/** Writes of a process from the start until its run is over; the test fails when there are more. */
const MOST_WRITES = 30;

async function dieAt(at: number, when: 'before' | 'after'): Promise<number> {
  world = openInboxWorld();
  await world.pass(HOUR - (world.clock.now() % HOUR));
  world.declare('often', 'on: { schedule: "10 * * * *" }');
  const before = await world.process();
  await world.pass(1);
  await before.inbox.end();
  let die = () => {};
  let writes = () => 0;
  const first = await world.process({
    wrap: (store) => {
      const crashing = crashingStore(store, { at, when, died: () => die() });
      writes = crashing.writes;
      return crashing;
    },
  });
  die = () => {
    first.die();
  };
  await world.pass(11 * MINUTE);
  const reached = writes();
  first.die();
  const second = await world.process();
  // What the engine does at the start of every process, and within a minute the inbox.
  await second.engine.recover();
  await world.pass(2 * MINUTE);
  await second.engine.recover();
  await world.pass(2 * MINUTE);
  const runs = (await second.engine.list({})).runs;
  const firings = await second.inbox.history({});
  expect(firings, `${at} ${when}`).toMatchObject([
    { key: expect.stringMatching(/^due:/), status: 'succeeded' },
  ]);
  expect(runs, `${at} ${when}`).toMatchObject([{ id: firings[0]?.run, status: 'succeeded' }]);
  await world.close();
  return reached;
}

test('[FND-80] whichever write a process dies at, the time that was due becomes one run', async () => {
  let at = 1;
  for (; at < MOST_WRITES; at++) {
    const reached = await dieAt(at, 'before');
    await dieAt(at, 'after');
    if (reached < at) break;
  }
  expect(at).toBeGreaterThan(8);
  expect(at).toBeLessThan(MOST_WRITES);
  world = openInboxWorld();
}, 300_000);
