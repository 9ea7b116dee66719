import { expect, test } from 'vitest';
import { checkedWorker, manifestProblems } from '../testing/checked-worker.ts';
import { TOOLS } from './tools/tools.ts';
import { worker } from './worker.ts';

const code = checkedWorker(import.meta.dirname, worker);

test('the manifest describes the actions that there are', () => {
  expect(manifestProblems(code, worker)).toEqual([]);
});

test('the manifest asks for every program of the tool table, and for no other formatter', () => {
  const asked = code.manifest.permissions.flatMap((permission) => permission.match(/^shell:(.*)/)?.[1] ?? []);
  const needed = TOOLS.flatMap(({ program, version }) => [program, version.program ?? program]);
  expect(new Set(asked)).toEqual(new Set([...needed, 'git', 'node', 'python3']));
});
