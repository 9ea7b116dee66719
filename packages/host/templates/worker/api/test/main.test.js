import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runAction } from '@cadre/sdk/testing';
import { worker } from '../main.js';

const trying = (answer) =>
  runAction(
    worker,
    'status',
    {},
    {
      workspace: import.meta.dirname,
      secrets: { EXAMPLE_TOKEN: 'token' },
      fetch: async (url, { headers }) => {
        assert.equal(url, 'https://api.example.org/status');
        assert.equal(headers.authorization, 'Bearer token');
        return { headers: {}, ...answer };
      },
    },
  );

test('the answer of the service is its status', async () => {
  const { outcome } = await trying({ status: 200, body: '{"status":"well"}' });
  assert.deepEqual(outcome.output, { status: 'well' });
});

test('a service that is down may be asked again', async () => {
  const { outcome } = await trying({ status: 503, body: '' });
  assert.equal(outcome.failure.code, 'provider_failed');
  assert.equal(outcome.failure.retryable, true);
});
