import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { fillStore } from './fill-store.ts';
import { storeQuestions } from './store-questions.ts';

const RUNS = 20_000;
const NOW = 1_800_000_000_000;
const PAGE = 4_096;

/**
 * Pages of the file that each question reads when nothing of it is in memory yet: what it costs, counted and not timed.
 * A question that comes to read half as many again has lost an index, or reads what it does not show. When a figure
 * grows for a good reason, it is changed here, where everybody sees it.
 */
const PAGES: Readonly<Record<string, number>> = {
  'list, newest 100': 6,
  'list, next page': 5,
  'list, failed of one workflow': 108,
  'list, unfinished': 5,
  'tail of one run': 8,
  'append, a new run and its start (2 commits)': 20,
  'count by workflow and status': 1,
  'bytes by class': 1,
  'next 200 that are due': 21,
  'artifacts, newest 100': 1,
};

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cadre-pages-'));
  await fillStore(join(folder, 'cadre.db'), RUNS, NOW);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Bytes that this process has read, from whatever file. */
function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0);
}

async function pagesOf(
  ask: (store: Awaited<ReturnType<typeof openSqliteStore>>) => Promise<unknown>,
): Promise<number> {
  const store = await openSqliteStore(join(folder, 'cadre.db'));
  const before = bytesRead();
  await ask(store);
  const after = bytesRead();
  await store.close();
  return Math.floor((after - before) / PAGE);
}

describe.skipIf(process.platform !== 'linux')('a question to a store of 20,000 runs', () => {
  test.each(storeQuestions(RUNS, NOW))('reads no more pages than it did: $name [WRK-49]', async ({
    name,
    ask,
  }) => {
    // Something else in the process may read meanwhile: the least of several is what the question reads.
    const counts = [await pagesOf(ask), await pagesOf(ask), await pagesOf(ask)];
    expect(Math.min(...counts)).toBeLessThan((PAGES[name] ?? 0) * 1.5);
  });

  test('a look at all runs would be noticed', async () => {
    const scan = await pagesOf(async (store) => {
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const page = await store.runs.list({ limit: 1_000, ...(cursor === '' ? {} : { cursor }) });
        cursor = page.cursor;
      }
    });
    expect(scan).toBeGreaterThan(20 * (PAGES['list, newest 100'] ?? 0));
  });
});
