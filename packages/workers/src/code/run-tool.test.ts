import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineWorker } from '@cadre/sdk';
import { runAction } from '@cadre/sdk/testing';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { batchesOf } from './batches.ts';
import { openFolder } from './folder.ts';
import { runTool, type ToolResult } from './run-tool.ts';
import { openScratch } from './scratch.ts';
import { black } from './tools/black.ts';

const PATHS = ['a.py', 'b.py', 'c.py', 'd.py'];

/** Runs a program that is called as black is over files that hold their own names; answers what it left of them. */
async function runProgram(
  script: string,
  paths = PATHS,
): Promise<{ outcome: unknown; left: Record<string, string> }> {
  const workspace = temporaryFolder();
  for (const path of paths) writeFileSync(join(workspace, path), path);
  const program = join(workspace, 'program');
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  const left: Record<string, string> = {};
  const runner = defineWorker({
    id: 'runner',
    actions: {
      async run(_: object, context): Promise<ToolResult> {
        const scratch = await openScratch(context, workspace);
        await scratch.addFiles(paths);
        const folder = await openFolder(workspace, '');
        const choice = { tool: black, folder, reason: 'test', program, paths };
        const limits = { toolMs: 2000, fileMs: 1000 };
        try {
          return await runTool({ context, scratch, jobs: 2, limits }, choice, ['--it']);
        } finally {
          for (const path of paths) left[path] = readFileSync(join(scratch.root, path), 'utf8');
        }
      },
    },
  });
  const { outcome } = await runAction(runner, 'run', {}, { workspace });
  return { outcome, left };
}

test('[HYG-19] when a call for many crashes each file gets its own, and only the bad one is a finding', async () => {
  const { outcome, left } = await runProgram(
    'for f in "$@"; do case "$f" in ./b.py) echo half > b.py; echo "no b" >&2; exit 9;; ./*) echo good > "$f";; esac; done',
  );

  expect(left).toEqual({ 'a.py': 'good\n', 'b.py': 'b.py', 'c.py': 'good\n', 'd.py': 'good\n' });
  expect(outcome).toMatchObject({
    output: { findings: [{ file: 'b.py', rule: 'tool_failed', message: 'black failed on this file: no b' }] },
  });
});

test('a file on which the tool hangs is skipped and left whole, the others are done', async () => {
  const { outcome, left } = await runProgram(
    'for f in "$@"; do case "$f" in ./b.py) echo half > b.py; sleep 60;; ./*) echo good > "$f";; esac; done',
    ['a.py', 'b.py'],
  );

  expect(left).toEqual({ 'a.py': 'good\n', 'b.py': 'b.py' });
  expect(outcome).toMatchObject({ output: { findings: [], skipped: [{ reason: 'timed_out' }] } });
});

test('[HYG-38] a tool that works for no file fails with its last lines and the command to repeat it', async () => {
  const { outcome, left } = await runProgram(
    'for f in "$@"; do test "$f" = --it || echo half > "$f"; done; echo "Error: bad settings" >&2; exit 3',
  );

  expect(left).toEqual(Object.fromEntries(PATHS.map((path) => [path, path])));
  expect(outcome).toMatchObject({
    failure: {
      code: 'tool_failed',
      message: 'black ended with exit code 3: Error: bad settings',
      details: { command: 'black --it ./a.py', exitCode: 3, lastLines: ['Error: bad settings'] },
    },
  });
});

test('calls are cut by length and spread over the jobs only when that is worth it', () => {
  const few = Array.from({ length: 60 }, (_, index) => `${index}.py`);
  expect(batchesOf(few, 4).map(({ length }) => length)).toEqual([50, 10]);
  const many = Array.from({ length: 1000 }, (_, index) => `${index}.py`);
  expect(batchesOf(many, 2).map(({ length }) => length)).toEqual([500, 500]);
  const long = Array.from({ length: 40 }, () => 'x'.repeat(4000));
  expect(batchesOf(long, 1).length).toBe(2);
});
