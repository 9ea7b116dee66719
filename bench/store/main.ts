/**
 * What the store takes for the questions that lists, pages and metrics ask, by the number of runs.
 * `node bench/store/main.ts [--runs 10000,1000000] [--write]`; `--write` keeps the figures in `figures.json`.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { openSqliteStore } from '../../packages/host/src/stores/open-sqlite-store.ts';
import { fillStore } from './fill.ts';

const { values } = parseArgs({ options: { runs: { type: 'string' }, write: { type: 'boolean' } } });
const sizes = (values.runs ?? '10000').split(',').map(Number);
const FIGURES = new URL('figures.json', import.meta.url);
const now = Date.now();

async function median(work: () => unknown, times = 21): Promise<number> {
  const taken: number[] = [];
  for (let index = 0; index < times; index++) {
    const began = performance.now();
    await work();
    taken.push(performance.now() - began);
  }
  return Number((taken.sort((one, other) => one - other)[times >> 1] ?? 0).toFixed(3));
}

async function measure(runs: number): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-bench-store-'));
  const path = join(folder, 'cadre.db');
  try {
    const began = performance.now();
    await fillStore(path, runs, now);
    console.error(`${runs} runs made in ${Math.round((performance.now() - began) / 1_000)} s`);
    const store = await openSqliteStore(path);
    const { cursor } = await store.runs.list({ limit: 100 });
    const middle = `run_${String(runs >> 1).padStart(26, '0')}`;
    let next = 0;
    const append = async () => {
      const id = `run_new_${next++}`;
      const created = {
        at: now,
        type: 'run.created',
        workflow: 'w1',
        definition: 'h',
        inputs: {},
        mode: 'apply',
      } as const;
      await store.runs.create(id, [{ ...created, trigger: {}, principal: 'user:ada' }]);
      await store.runs.append(id, 1, [{ at: now, type: 'run.started' }]);
    };
    const figures = {
      'list, newest 100': await median(() => store.runs.list({ limit: 100 })),
      'list, next page': await median(() => store.runs.list({ limit: 100, ...(cursor ? { cursor } : {}) })),
      'list, failed of one workflow': await median(() =>
        store.runs.list({ workflow: 'w0', status: ['failed'], limit: 100 }),
      ),
      'list, unfinished': await median(() => store.runs.list({ status: ['running', 'waiting'], limit: 100 })),
      'tail of one run': await median(() => store.runs.readEvents(middle, 1)),
      'append, a new run and its start (2 commits)': await median(append),
      'count by workflow and status': await median(() => store.upkeep.counts()),
      'bytes by class': await median(() => store.upkeep.sizes()),
      'next 200 that are due': await median(() => store.upkeep.listRemovable('runs', undefined, 200)),
    };
    await store.close();
    const plain = new DatabaseSync(path);
    const scan = (sql: string) => median(() => plain.prepare(sql).all(), 3);
    const before = {
      'before: count by scan': await scan(
        'SELECT workflow, mode, status, count(*) FROM runs GROUP BY 1, 2, 3',
      ),
      'before: bytes by scan': await scan('SELECT sum(octet_length(event)) FROM events'),
      'before: due by scan': await scan(
        'SELECT key FROM runs WHERE ended_at < 0 ORDER BY ended_at LIMIT 200',
      ),
    };
    plain.close();
    return {
      ...figures,
      ...before,
      'bytes of the file for each run': Math.round(statSync(path).size / runs),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const kept = JSON.parse(readFileSync(FIGURES, 'utf8')) as Record<string, Record<string, number>>;
for (const runs of sizes) {
  const figures = await measure(runs);
  console.log(`\n${runs} runs, in milliseconds`);
  for (const [name, value] of Object.entries(figures)) console.log(`  ${name.padEnd(48)} ${value}`);
  kept[runs] = figures;
}
if (values.write === true) writeFileSync(FIGURES, `${JSON.stringify(kept, undefined, 2)}\n`);
