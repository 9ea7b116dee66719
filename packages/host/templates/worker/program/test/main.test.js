import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runAction } from '@cadre/sdk/testing';
import { worker } from '../main.js';

test('commits are counted by author', async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'program-'));
  const git = (...given) => execFileSync('git', given, { cwd: workspace, stdio: 'pipe' });
  git('init', '--quiet');
  for (const name of ['Ann', 'Bob', 'Ann']) {
    git(
      '-c',
      `user.name=${name}`,
      '-c',
      'user.email=x@example.org',
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      'x',
    );
  }
  const { outcome } = await runAction(worker, 'authors', {}, { workspace });
  assert.deepEqual(outcome.output.authors, [
    { name: 'Ann', commits: 2 },
    { name: 'Bob', commits: 1 },
  ]);
});
