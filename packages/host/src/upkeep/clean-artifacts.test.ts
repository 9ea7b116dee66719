import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewArtifact } from '../ports/artifacts.ts';
import type { Store } from '../ports/store.ts';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { created, SAMPLE_DEFINITION, started, succeeded } from '../testing/sample-events.ts';
import { simulatedClock } from '../testing/simulated-clock.ts';
import { cleanArtifacts } from './clean-artifacts.ts';

const DAY = 24 * 3_600_000;
const NO_LIMIT = { afterMs: 0, most: 0, maxBytes: 0 };

let folder = '';
let store: Store;
let clock: ReturnType<typeof simulatedClock>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cadre-clean-'));
  store = await openSqliteStore(join(folder, 'cadre.db'));
  clock = simulatedClock();
  await store.runs.putDefinition('h1', SAMPLE_DEFINITION, 1);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

function artifact(text: string): NewArtifact {
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  return { digest, bytes: text.length, type: 'text', text, parts: [] };
}

/** An artifact of a run that is over. */
async function make(text: string, kept: 'temporary' | 'standard' = 'standard'): Promise<string> {
  const run = `run_${text}`;
  await store.artifacts.put([artifact(text)], { run, class: kept, at: clock.now() });
  const at = clock.now();
  await store.runs.create(run, [created(at), started(at), succeeded(at)]);
  await clock.advance(1);
  return artifact(text).digest;
}

async function clean(
  limits: { temporary?: Partial<typeof NO_LIMIT>; standard?: Partial<typeof NO_LIMIT> } = {},
  planOnly = false,
) {
  const { temporary = {}, standard = {} } = limits;
  const retention = {
    temporary: { ...NO_LIMIT, ...temporary },
    standard: { ...NO_LIMIT, ...standard },
  };
  const cleaned = await cleanArtifacts({ ...store, clock, retention }, { planOnly, principal: 'user:ada' });
  return cleaned.map(({ removed }) => removed.artifacts);
}

const left = async () => (await store.artifacts.list({})).artifacts.map(({ digest }) => digest).reverse();

test('each class goes by its own age, and a plan changes nothing [WRK-50]', async () => {
  const short = await make('short', 'temporary');
  const long = await make('long');
  await clock.advance(7 * DAY);
  const limits = { temporary: { afterMs: 7 * DAY }, standard: { afterMs: 90 * DAY } };
  expect(await clean(limits, true)).toEqual([1, 0]);
  expect(await left()).toEqual([short, long]);
  expect(await clean(limits)).toEqual([1, 0]);
  expect(await left()).toEqual([long]);
  await clock.advance(83 * DAY);
  expect(await clean(limits)).toEqual([0, 1]);
  expect(await left()).toEqual([]);
  const [first, second] = (await store.audit.read(0, 10)).map(({ entry }) => JSON.parse(entry));
  expect(first).toMatchObject({ target: 'artifacts temporary', details: { artifacts: 1, bytes: 5 } });
  expect(second).toMatchObject({ target: 'artifacts standard', principal: 'user:ada' });
});

test('by count and by size the longest unused go first [WRK-50]', async () => {
  const made = [await make('one'), await make('two'), await make('three'), await make('four')];
  await clock.advance(DAY);
  expect(await clean({ standard: { most: 3 } })).toEqual([0, 1]);
  expect(await left()).toEqual(made.slice(1));
  expect(await clean({ standard: { maxBytes: 9 } })).toEqual([0, 1]);
  expect(await left()).toEqual(made.slice(2));
});

test('one that is kept for ever stays, and so does what pinned runs name [WRK-50]', async () => {
  const [kept, pinned] = [await make('kept'), await make('pinned')];
  await make('neither');
  await store.artifacts.setClass(kept, 'kept');
  await store.upkeep.pin('run_pinned', { principal: 'user:ada', at: 1, reason: 'because' });
  await clock.advance(DAY);
  expect(await clean({ standard: { afterMs: 1 } })).toEqual([0, 1]);
  expect((await left()).sort()).toEqual([kept, pinned].sort());
});

test('what no run names any more goes without a limit, but not what was put within the hour [WRK-51]', async () => {
  await store.artifacts.put([artifact('orphan')], {
    run: 'run_that_died',
    class: 'standard',
    at: clock.now(),
  });
  const used = await make('used');
  expect(await clean()).toEqual([0, 0]);
  await clock.advance(3_600_000);
  expect(await clean()).toEqual([0, 1]);
  expect(await left()).toEqual([used]);
});
