import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runAction } from '@cadre/sdk/testing';
import { worker } from '../main.js';

test('every line is in the stream', async () => {
  const { outcome, streams } = await runAction(
    worker,
    'lines',
    { count: 2 },
    { workspace: import.meta.dirname },
  );
  const bytes = streams.get(outcome.output.text.$stream);
  assert.equal(bytes.toString(), 'line 1\nline 2\n');
});
