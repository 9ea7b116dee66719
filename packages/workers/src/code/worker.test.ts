import { expect, test } from 'vitest';
import { checkedWorker, manifestProblems } from '../testing/checked-worker.ts';
import { DOCS_PROGRAMS } from './docs/docs-tools.ts';
import { TOOLS } from './tools/tools.ts';
import { worker } from './worker.ts';

const code = checkedWorker(import.meta.dirname, worker);

test('the manifest describes the actions that there are', () => {
  expect(manifestProblems(code, worker)).toEqual([]);
});

test('the manifest asks for every program of the tool tables, and for no other', () => {
  const asked = code.manifest.permissions.flatMap((permission) => permission.match(/^shell:(.*)/)?.[1] ?? []);
  const needed = TOOLS.flatMap(({ program, version }) => [program, version.program ?? program]);
  expect(new Set(asked)).toEqual(
    new Set([...needed, ...Object.values(DOCS_PROGRAMS), 'git', 'node', 'python3']),
  );
});
