import { expect, test } from 'vitest';
import { createCallStreams } from './call-streams.ts';
import { defineWorker } from './define-worker.ts';
import { CREDIT } from './stream-handle.ts';
import { runAction } from './testing.ts';

test('a lossy stream never waits, drops the oldest frames, and counts them [WRK-45]', async () => {
  const sent: number[] = [];
  let dropped = -1;
  const streams = createCallStreams('1', {
    send: () => undefined,
    sendChunk: async (_message, bytes) => void sent.push(bytes[0] ?? -1),
    async ask(body) {
      if (body.kind === 'close-stream') dropped = body.dropped;
      return true;
    },
  });
  const frame = (index: number) => new Uint8Array(CREDIT / 4).fill(index);
  const writer = await streams.write({ contentType: 'video/x', lossy: true });
  // Nobody takes anything: four are sent on credit, the fifth waits for some, four stand in line.
  for (let index = 0; index < 20; index += 1) {
    await writer.write(frame(index));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([...new Set(sent)]).toEqual([0, 1, 2, 3]);
  const closing = writer.close();
  streams.hear({ type: 'credit', call: '1', stream: 's1', bytes: 20 * CREDIT });
  await closing;
  expect([...new Set(sent)]).toEqual([0, 1, 2, 3, 4, 16, 17, 18, 19]);
  expect(dropped).toBe(11);
  await expect(writer.write(new Uint8Array(CREDIT + 1))).rejects.toThrow('at most');
});

test('whoever waits for credit when the call is over is told so', async () => {
  const streams = createCallStreams('1', {
    send: () => undefined,
    sendChunk: async () => undefined,
    ask: async () => true,
  });
  const writer = await streams.write({ contentType: 'x' });
  const writing = writer.write(new Uint8Array(2 * CREDIT));
  streams.end();
  await expect(writing).rejects.toMatchObject({ failure: { code: 'cancelled' } });
});

test('an author tries an action with streams and parts of a result without a host', async () => {
  const worker = defineWorker({
    id: 'copier',
    actions: {
      async copy({ from }: { from: { $stream: string } }, context) {
        const to = await context.writeStream({ contentType: 'text/plain' });
        const handle = { ...from, contentType: 'text/plain', size: 3, sha256: '' };
        for await (const chunk of context.readStream(handle)) {
          await to.write(chunk);
          await context.extend(chunk.length);
        }
        return { made: await to.close() };
      },
    },
  });
  const bytes = Buffer.from('abc'.repeat(100_000));
  const tried = await runAction(
    worker,
    'copy',
    { from: { $stream: 'given' } },
    { workspace: '/tmp', streams: { given: bytes } },
  );
  expect(tried.outcome).toMatchObject({ ok: true, output: { made: { $stream: 'stream_1', size: 300_000 } } });
  expect(tried.streams.get('stream_1')?.equals(bytes)).toBe(true);
  expect(tried.messages.filter(({ type }) => type === 'extended')).toHaveLength(5);
});
