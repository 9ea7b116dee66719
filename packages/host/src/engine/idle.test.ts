import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPlaces } from '../dispatch/create-places.ts';
import { createStore } from '../stores/create-store.ts';
import type { Database, Script } from '../stores/database.ts';
import { openSqliteDatabase } from '../stores/sqlite-database.ts';
import { sqliteVacuum } from '../stores/vacuum.ts';
import { sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { scriptedGate } from '../testing/scripted-gate.ts';
import { simulatedClock } from '../testing/simulated-clock.ts';
import { openEngine } from './engine.ts';
import { createLeaseKeeper } from './lease-keeper.ts';
import { createPerformers } from './performers.ts';
import { startSample } from './testing/world.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cadre-idle-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Counts each statement. */
function counting(database: Database, counted: () => void): Database {
  function* each<T>(script: Script<T>): Script<T> {
    let step = script.next();
    while (step.done !== true) {
      counted();
      step = script.next(yield step.value);
    }
    return step.value;
  }
  return {
    ...database,
    read(sql, parameters) {
      counted();
      return database.read(sql, parameters);
    },
    write: (script) => database.write(() => each(script())),
  };
}

/** What `cadre serve` does on SQLite: it performs, and goes on once a minute with what others have left. */
async function serving() {
  let asked = 0;
  const clock = simulatedClock();
  const database = counting(await openSqliteDatabase(join(folder, 'cadre.db')), () => {
    asked += 1;
  });
  const store = createStore(database, sqliteVacuum(database));
  const holder = { holder: 'serve', host: 'here', pid: 1, processStart: 'serve' };
  const liveness = () => 'alive' as const;
  const engine = openEngine({
    store,
    gate: scriptedGate({}),
    clock,
    holder,
    workspace: { id: 'w', root: '/w' },
    places: createPlaces(() => 8),
    liveness,
  });
  const keeper = createLeaseKeeper({ leases: store.leases, clock, holder, liveness, lost: () => undefined });
  const performers = createPerformers({
    leases: store.leases,
    keeper,
    clock,
    holder,
    liveness,
    work: (classes) => engine.work(classes),
    known: ['io'],
  });
  await engine.recover();
  await performers.begin(undefined);
  return {
    engine,
    clock,
    /** Statements in so many minutes. */
    async askedIn(minutes: number): Promise<number> {
      const before = asked;
      for (let minute = 0; minute < minutes; minute++) {
        for (let tenth = 0; tenth < 60; tenth++) await clock.advance(1_000);
        await engine.recover();
      }
      return asked - before;
    },
    async close() {
      await performers.end();
      const closing = engine.close(0);
      await clock.advance(0);
      await closing;
      keeper.close();
      await store.close();
    },
  };
}

test('an idle process asks the database at most 30 times a minute [WRK-52]', async () => {
  const served = await serving();
  const asked = await served.askedIn(10);
  expect(asked).toBeGreaterThan(10);
  expect(asked).toBeLessThanOrEqual(300);
  await served.close();
});

test('also while a run waits for somebody [WRK-52]', async () => {
  const served = await serving();
  const approval = { kind: 'approval', prompt: 'Go on?' } as never;
  const id = await startSample(served.engine, sampleWorkflow([sampleStep('ask', approval)]));
  await served.clock.advance(1_000);
  expect((await served.engine.get(id)).state.status).toBe('waiting');
  expect(await served.askedIn(5)).toBeLessThanOrEqual(150);
  await served.close();
});
