import type { RunEvent } from '@cadre/core';
import type { Store } from '../ports/store.ts';

/** What lists, pages, metrics and upkeep ask of a store that `fillStore` has filled. */
export interface StoreQuestion {
  readonly name: string;
  readonly ask: (store: Store) => Promise<unknown>;
}

export function storeQuestions(runs: number, now: number): readonly StoreQuestion[] {
  const middle = `run_${String(runs >> 1).padStart(26, '0')}`;
  const from = { limit: 100, cursor: String(runs - 100) };
  let next = 0;
  const created: RunEvent = {
    at: now,
    type: 'run.created',
    workflow: 'w1',
    definition: 'h',
    inputs: {},
    mode: 'apply',
    trigger: { kind: 'manual' },
    principal: 'user:ada',
  };
  return [
    { name: 'list, newest 100', ask: ({ runs: all }) => all.list({ limit: 100 }) },
    { name: 'list, next page', ask: ({ runs: all }) => all.list(from) },
    {
      name: 'list, failed of one workflow',
      ask: ({ runs: all }) => all.list({ workflow: 'w9', status: ['failed'], limit: 100 }),
    },
    {
      name: 'list, unfinished',
      ask: ({ runs: all }) => all.list({ status: ['running', 'waiting'], limit: 100 }),
    },
    { name: 'tail of one run', ask: ({ runs: all }) => all.readEvents(middle, 1) },
    {
      name: 'append, a new run and its start (2 commits)',
      async ask({ runs: all }) {
        const id = `run_new_${next++}`;
        await all.create(id, [created]);
        await all.append(id, 1, [{ at: now, type: 'run.started' }]);
      },
    },
    { name: 'count by workflow and status', ask: ({ upkeep }) => upkeep.counts() },
    { name: 'bytes by class', ask: ({ upkeep }) => upkeep.sizes() },
    {
      name: 'next 200 that are due',
      ask: ({ upkeep }) => upkeep.listRemovable('runs', undefined, 200),
    },
    { name: 'artifacts, newest 100', ask: ({ artifacts }) => artifacts.list({ limit: 100 }) },
  ];
}
