import assert from 'node:assert/strict';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runAction } from '@cadre/sdk/testing';
import { worker } from '../main.js';

test('the file is written once, and the second time nothing changes', async () => {
  const workspace = await mkdtemp(join(tmpdir(), 'step-'));
  const stamp = (input) => runAction(worker, 'stamp', input, { workspace });
  assert.deepEqual((await stamp({ file: 'a/b.md', text: 'Hi' })).outcome.output, { changed: true });
  assert.deepEqual((await stamp({ file: 'a/b.md', text: 'Hi' })).outcome.output, { changed: false });
  assert.match(await readFile(join(workspace, 'a/b.md'), 'utf8'), /Hi/);
});

test('a file outside of the workspace is refused', async () => {
  const workspace = await mkdtemp(join(tmpdir(), 'step-'));
  const { outcome } = await runAction(worker, 'stamp', { file: 'a/../../b', text: '' }, { workspace });
  assert.equal(outcome.failure.code, 'invalid_input');
});
