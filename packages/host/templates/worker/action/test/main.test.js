import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runAction } from '@cadre/sdk/testing';
import { worker } from '../main.js';

test('words are counted whatever their case', async () => {
  const { outcome } = await runAction(
    worker,
    'count',
    { text: 'Red red' },
    { workspace: import.meta.dirname },
  );
  assert.deepEqual(outcome, { ok: true, output: { words: 2, often: { red: 2 } } });
});
