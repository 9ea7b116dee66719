import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { fillStore } from './fill-store.ts';
import { storeQuestions } from './store-questions.ts';

/** Milliseconds by question, each the median of many, beside what they took before counters and indexes were kept. */
export type StoreFigures = Readonly<Record<string, number>>;

const TIMES = 21;
const SCANS = 3;

/** What the questions were before: looking at everything. */
const BEFORE = {
  'before: count by scan': 'SELECT workflow, mode, status, count(*) FROM runs GROUP BY 1, 2, 3',
  'before: bytes by scan': 'SELECT sum(octet_length(event)) FROM events',
  'before: due by scan': 'SELECT key FROM runs WHERE ended_at < 0 ORDER BY ended_at LIMIT 200',
};

/** Fills a store with so many runs in a folder of its own, asks, and removes it. */
export async function measureStore(runs: number, now: number): Promise<StoreFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'cadre-bench-store-'));
  const path = join(folder, 'cadre.db');
  try {
    await fillStore(path, runs, now);
    const figures: Record<string, number> = {};
    const store = await openSqliteStore(path);
    for (const { name, ask } of storeQuestions(runs, now))
      figures[name] = await median(() => ask(store), TIMES);
    await store.close();
    const plain = new DatabaseSync(path);
    for (const [name, sql] of Object.entries(BEFORE)) {
      figures[name] = await median(() => plain.prepare(sql).all(), SCANS);
    }
    plain.close();
    figures['bytes of the file for each run'] = Math.round((await stat(path)).size / runs);
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function median(work: () => unknown, times: number): Promise<number> {
  const taken: number[] = [];
  for (let index = 0; index < times; index += 1) {
    const began = performance.now();
    await work();
    taken.push(performance.now() - began);
  }
  return Number((taken.sort((one, other) => one - other)[times >> 1] ?? 0).toFixed(3));
}
