import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject, JsonValue, StreamHandle } from '@cadre/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture, TOKEN } from '../../../test/gate-fixture.ts';
import type { Gate, GateCall, GateObserver } from '../../ports/gate.ts';
import { sampleCall, UNHEARD } from '../../testing/sample-call.ts';
import { until } from '../../testing/until.ts';

let fixture: GateFixture;
let gate: Gate;
beforeEach(async () => {
  fixture = await gateFixture('streamer');
  gate = fixture.newGate();
});
afterEach(() => fixture.remove());

async function perform(
  action: string,
  input: JsonObject,
  observer: Partial<GateObserver> = {},
  changes: Partial<GateCall> = {},
) {
  const { outcome } = await gate.perform(
    sampleCall(`streamer/${action}`, input, changes),
    new AbortController().signal,
    { ...UNHEARD, ...observer },
  );
  return outcome;
}

function outputOf(outcome: Awaited<ReturnType<typeof perform>>): JsonObject {
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.output as JsonObject;
}

const MIB = 1024 * 1024;
const kept = () => readdir(join(fixture.dataDir, 'streams', 'run_1')).catch(() => []);
const handle = (value: unknown) => value as unknown as StreamHandle & JsonObject;

test('bytes go from one action to the next by their handle, whole, with size, type and hash [WRK-44]', async () => {
  const size = 5 * MIB + 7;
  const { made } = outputOf(await perform('produce', { bytes: size }));
  const [first] = made as unknown as [StreamHandle & JsonObject];
  const hash = createHash('sha256');
  for (let index = 0; index < 6; index += 1) hash.update(Buffer.alloc(index === 5 ? 7 : MIB, index));
  expect(first).toEqual({
    $stream: expect.stringMatching(/^stream_/),
    contentType: 'video/x-test',
    size,
    sha256: hash.digest('hex'),
  });
  const { made: copied } = outputOf(await perform('copy', { from: first }));
  expect(copied).toEqual({ ...first, $stream: expect.not.stringContaining(first.$stream) });
  // In a run that shares its root.
  const inside = await perform('copy', { from: first }, {}, { run: 'run_1.1', root: 'run_1' });
  expect(handle(outputOf(inside)['made'])).toMatchObject({ size, sha256: first.sha256 });
  expect(await kept()).toHaveLength(6);
  await gate.endRun('run_1.1');
  expect(await kept()).toHaveLength(6);
  await gate.endRun('run_1');
  expect(await kept()).toEqual([]);
  expect(await perform('copy', { from: first })).toMatchObject({ ok: false, failure: { code: 'not_found' } });
});

test('what a step does not read to its end, or does not close, holds nobody up and is gone [WRK-44]', async () => {
  const { made } = outputOf(await perform('produce', { bytes: 20 * MIB }));
  const [first] = made as unknown as [StreamHandle & JsonObject];
  expect(outputOf(await perform('peek', { from: first }))).toMatchObject({ first: 0 });
  expect(outputOf(await perform('peek', { from: first }))).toMatchObject({ first: 0 });
  expect(outputOf(await perform('produce', { bytes: 3 * MIB, leave: true }))).toEqual({});
  expect(await kept()).toHaveLength(2);
});

test('only what was given can be read, and only in its run', async () => {
  const { made } = outputOf(await perform('produce', { bytes: 10 }));
  const [first] = made as unknown as [StreamHandle & JsonObject];
  const denied = { ok: false, failure: { code: 'denied' } };
  expect(await perform('peek', { other: first.$stream })).toMatchObject(denied);
  const forged = { ...first, $stream: `../run_1/${first.$stream}` };
  expect(await perform('peek', { from: forged })).toMatchObject(denied);
  const gone = { ok: false, failure: { code: 'not_found' } };
  expect(await perform('peek', { from: first }, {}, { run: 'run_2' })).toMatchObject(gone);
});

test('a result with a stream is never kept for later runs', async () => {
  const cache = {
    results: fixture.store.results,
    files: fixture.store.files,
    limits: { ttlMs: 60_000, maxBytes: MIB },
  };
  gate = fixture.newGate({ cache });
  const [one, two] = [await perform('produce', { bytes: 10 }), await perform('produce', { bytes: 10 })];
  expect(one.ok && two.ok).toBe(true);
  expect(outputOf(one)['made']).not.toEqual(outputOf(two)['made']);
});

test('parts of a result come in order, and a slow reader slows the writer: what is under way is bounded [WRK-45]', async () => {
  const parts: JsonValue[] = Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(60_000)}`);
  const got: JsonValue[] = [];
  let open: (() => void)[] = [];
  let most = 0;
  const logs: string[] = [];
  const performed = perform(
    'say',
    { parts: [...parts, { last: true }, ''] },
    {
      log: ({ message }) => logs.push(message),
      extend(piece) {
        got.push(piece);
        return new Promise((resolve) => {
          open.push(resolve);
          most = Math.max(most, open.length);
        });
      },
    },
  );
  // 17 parts of 60,000 bytes are all that there is credit for.
  await until('all that there is credit for has come', () => got.length === 17);
  const drain = setInterval(() => {
    for (const resolve of open.splice(0)) resolve();
  }, 1);
  await performed;
  clearInterval(drain);
  open = [];
  expect(most).toBe(17);
  expect(got).toEqual([...parts, { last: true }]);
  expect(logs).toContain('partial results were held back');
});

test('a part that is too large is refused, and a longer text comes in several', async () => {
  const got: JsonValue[] = [];
  const extend = async (piece: JsonValue) => void got.push(piece);
  const long = 'Ω'.repeat(50_000);
  await perform('say', { parts: [long] }, { extend });
  expect(got.map((piece) => Buffer.byteLength(String(piece)))).toEqual([65_536, 34_464]);
  expect(got.join('')).toBe(long);
  const large = await perform('say', { parts: [[long]] }, { extend });
  expect(large).toMatchObject({ ok: false, failure: { code: 'too_large' } });
});

test('a worker that sends more than it has credit for is ended, with streams as with parts [WRK-45]', async () => {
  const never = new Promise<void>(() => undefined);
  const fault = { ok: false, failure: { code: 'worker_fault', message: expect.stringContaining('credit') } };
  expect(await perform('flood', {}, { extend: () => never })).toMatchObject(fault);
});

test('a secret that comes in pieces is taken out of them', async () => {
  const got: JsonValue[] = [];
  gate = fixture.newGate({ policy: { allow: ['secret:TOKEN'], ask: [], deny: [], sandbox: 'warn' } });
  outputOf(await perform('tell', {}, { extend: async (piece) => void got.push(piece) }));
  expect(got.join('')).toBe('it is *** and hunt');
  expect(got.join('')).not.toContain(TOKEN);
});
