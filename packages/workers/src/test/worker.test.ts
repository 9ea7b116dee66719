import { expect, test } from 'vitest';
import { checkedWorker, manifestProblems } from '../testing/checked-worker.ts';
import { RUNNERS } from './runners/runners.ts';
import { worker } from './worker.ts';

const tests = checkedWorker(import.meta.dirname, worker);

test('the manifest describes the actions that there are, and asks for every runner', () => {
  expect(manifestProblems(tests, worker)).toEqual([]);
  for (const { program } of RUNNERS) expect(tests.manifest.permissions).toContain(`shell:${program}`);
});
