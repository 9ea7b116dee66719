import { CHUNK, CREDIT, type JsonValue, type StreamMessage } from '@cadre/sdk';
import { expect, test } from 'vitest';
import type { CallObserver, StreamSink } from '../ports/action-runner.ts';
import { createCallStreams } from './call-streams.ts';

const block = Buffer.alloc(CHUNK, 7);
const many = CREDIT / CHUNK;

/** A host whose disk is as fast as the test wants. */
function slowHost() {
  const waiting: (() => void)[] = [];
  const sent: StreamMessage[] = [];
  const logs: string[] = [];
  const ends: string[] = [];
  const sink: StreamSink = {
    write: () => new Promise((resolve) => waiting.push(resolve)),
    close: async () => ({ $stream: 'stream_1', contentType: 'x', size: 0, sha256: '' }),
    discard: async () => void ends.push('discarded'),
  };
  async function* bytes() {
    for (let index = 0; index < 100; index += 1) yield block;
  }
  const observer: CallObserver = {
    log: (_level, message, fields) => logs.push(`${message} ${JSON.stringify(fields)}`),
    progress: () => undefined,
    effect: () => undefined,
    spend: () => undefined,
    measure: () => undefined,
    request: async () => ({ ok: true, output: true }),
    streams: {
      write: async () => ({ ok: true, output: sink }),
      read: async () => ({ ok: true, output: bytes() }),
    },
  };
  const streams = createCallStreams('1', observer, (message) => sent.push(message));
  return { streams, waiting, sent, logs, ends };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('of a stream no more is held than there was credit for, whatever its worker sends [WRK-45]', async () => {
  const { streams, waiting, sent, logs } = slowHost();
  await streams.ask({ kind: 'write-stream', stream: 'a', contentType: 'x', lossy: false, keep: true });
  for (let index = 0; index < many; index += 1)
    expect(streams.bytes('a', block, () => undefined)).toBeUndefined();
  await turn();
  expect([waiting.length, sent.length]).toEqual([1, 0]);
  waiting.shift()?.();
  await turn();
  expect(sent).toEqual([{ type: 'credit', call: '1', stream: 'a', bytes: CHUNK }]);
  expect(streams.bytes('a', block, () => undefined)).toBeUndefined();
  expect(streams.bytes('a', block.subarray(0, 1), () => undefined)).toMatchObject({ code: 'worker_fault' });
  for (let left = many; left > 0; left -= 1) {
    await turn();
    waiting.shift()?.();
  }
  await turn();
  waiting.shift()?.();
  const closed = await streams.ask({ kind: 'close-stream', stream: 'a', dropped: 0 });
  expect(closed).toMatchObject({ ok: true, output: { $stream: 'stream_1' } });
  expect(logs).toEqual([expect.stringMatching(/^a stream was written .*"waits":2,"waitedMs":\d+/)]);
});

test('to a worker no more is sent than it takes [WRK-45]', async () => {
  const { streams, sent } = slowHost();
  const handle = { $stream: 'stream_1', contentType: 'x', size: 1, sha256: '' };
  await streams.ask({ kind: 'read-stream', stream: 'b', handle });
  for (let index = 0; index < 50; index += 1) await turn();
  expect(sent).toHaveLength(many);
  streams.credit('b', 2 * CHUNK);
  for (let index = 0; index < 50; index += 1) await turn();
  expect(sent).toHaveLength(many + 2);
  streams.unread('b');
  await turn();
  expect(sent.at(-1)).toMatchObject({ type: 'end', stream: 'b' });
});

test('what is open when the call is over is thrown away, and too many at once are refused [WRK-44]', async () => {
  const { streams, ends } = slowHost();
  const open = (stream: string) =>
    streams.ask({ kind: 'write-stream', stream, contentType: 'x', lossy: false, keep: true });
  for (let index = 0; index < 16; index += 1) expect(await open(`s${index}`)).toMatchObject({ ok: true });
  expect(await open('s16')).toMatchObject({ ok: false, failure: { code: 'too_large' } });
  expect(await open('s1')).toMatchObject({ ok: false, failure: { code: 'worker_fault' } });
  await streams.end();
  expect(ends).toHaveLength(16);
});

test('parts of a result count against their own credit', () => {
  const { streams } = slowHost();
  const piece: JsonValue = 'x'.repeat(CHUNK);
  for (let index = 0; index < many; index += 1) expect(streams.extended(piece)).toBeUndefined();
  expect(streams.extended('')).toBeUndefined();
});
