import { expect, test } from 'vitest';
import { performCall } from './call.ts';
import { defineWorker } from './define-worker.ts';
import { ActionError } from './failure.ts';
import { PROTOCOL_OF, type WorkerRequest } from './protocol.ts';
import { runAction } from './testing.ts';

const workspace = import.meta.dirname;

const caller = defineWorker({
  id: 'caller',
  actions: {
    async go({ uses, input, timeoutMs }: { uses: string; input: object; timeoutMs?: number }, context) {
      const options = timeoutMs === undefined ? {} : { timeoutMs };
      return { answer: await context.call(uses, input, options) };
    },
  },
});

const called = defineWorker({
  id: 'called',
  actions: {
    async double({ number }: { number: number }, context) {
      context.effect({ kind: 'command', command: 'double', purpose: 'test' });
      return { number: number * 2 };
    },
    async fail() {
      throw new ActionError('too_odd', 'it is odd', { hint: 'give an even one' });
    },
  },
});

test('[WRK-17] in a test calls are answered by functions that are given, or by real workers', async () => {
  const go = (uses: string, input: object) =>
    runAction(
      caller,
      'go',
      { uses, input },
      { workspace, calls: { 'git/status': ({ path }) => ({ clean: true, path }), called } },
    );
  expect((await go('git/status', { path: '.' })).outcome).toEqual({
    ok: true,
    output: { answer: { clean: true, path: '.' } },
  });
  const real = await go('called/double', { number: 21 });
  expect(real).toMatchObject({
    outcome: { output: { answer: { number: 42 } } },
    effects: [{ command: 'double' }],
  });
  expect((await go('called/fail', {})).outcome).toMatchObject({
    ok: false,
    failure: { code: 'too_odd', hint: 'give an even one' },
  });
  expect((await go('other/one', {})).outcome).toMatchObject({ ok: false, failure: { code: 'denied' } });
});

test('[WRK-17] an older host is not asked for what it does not know, and the author hears why', async () => {
  const asked: WorkerRequest[] = [];
  const perform = (protocol: number) =>
    performCall(
      caller,
      {
        call: '1',
        action: 'go',
        input: { uses: 'git/status', input: {}, timeoutMs: 5 },
        context: {
          ...{ workspace, dataDir: workspace, mode: 'apply', run: 'run', step: 'step' },
          ...{ attempt: 1, idempotencyKey: 'key', config: {} },
        } as const,
      },
      new AbortController().signal,
      {
        protocol,
        send: () => undefined,
        sendChunk: async () => undefined,
        listen: () => undefined,
        ask: async (body) => {
          asked.push(body);
          return { clean: true };
        },
      },
    );
  expect(await perform(PROTOCOL_OF.calls - 1)).toMatchObject({
    type: 'failed',
    failure: { code: 'incompatible', message: expect.stringContaining('protocol 2, and calls came with 3') },
  });
  expect(asked).toEqual([]);
  expect(await perform(PROTOCOL_OF.calls)).toMatchObject({
    type: 'succeeded',
    output: { answer: { clean: true } },
  });
  expect(asked).toEqual([{ kind: 'call', uses: 'git/status', input: {}, timeoutMs: 5 }]);
});
