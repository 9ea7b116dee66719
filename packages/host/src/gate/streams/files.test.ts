import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject, JsonValue, StreamHandle } from '@cadre/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture } from '../../../test/gate-fixture.ts';
import { describeSandboxed } from '../../../test/sandboxed.ts';
import type { Gate, GateCall } from '../../ports/gate.ts';

let fixture: GateFixture;
let gate: Gate;
beforeEach(async () => {
  fixture = await gateFixture('streamer');
  gate = fixture.newGate();
});
afterEach(() => fixture.remove());

async function perform(action: string, input: JsonObject, changes: Partial<GateCall> = {}) {
  return fixture.perform(gate, `streamer/${action}`, input, changes);
}

async function outputOf(action: string, input: JsonObject, changes: Partial<GateCall> = {}) {
  const { outcome } = await perform(action, input, changes);
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.output as JsonObject;
}

const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
const left = () => readdir(join(fixture.dataDir, 'given', 'streamer'));

test('an input that is an artifact comes as a file, whatever was given, and goes with the attempt [WRK-44]', async () => {
  const given: [JsonValue, string][] = [
    ['a text\nof "two" lines ✓', 'a text\nof "two" lines ✓'],
    [{ a: [1, 2] }, '{"a":[1,2]}'],
    [12, '12'],
    [null, 'null'],
  ];
  for (const [value, text] of given) {
    const weighed = await outputOf('weigh', { file: value });
    expect(weighed).toMatchObject({ begins: text, size: Buffer.byteLength(text), isReadOnly: true });
    expect(weighed['path']).toMatch(/\/file$/);
    expect(await left()).toEqual([]);
  }
  expect(await perform('weigh', {})).toMatchObject({ outcome: { failure: { code: 'invalid_input' } } });
});

describeSandboxed('in a sandbox', () => {
  test('a worker can read its file and change nothing there', async () => {
    const weighed = await outputOf('weigh', { file: 'text' });
    expect(weighed).toMatchObject({ appending: expect.stringMatching(/^E(ROFS|ACCES)$/), making: 'EROFS' });
  });

  test('an output cannot be a file that its worker could not read', async () => {
    const path = join(fixture.dataDir, 'own');
    await writeFile(path, 'of Cadre');
    const { outcome } = await perform('print', { path });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'invalid_output' } });
  });
});

test('calls with other files are put to the same process, which stays warm', async () => {
  const one = await outputOf('weigh', { file: 'one' });
  const two = await outputOf('weigh', { file: 'two' });
  expect(two['pid']).toBe(one['pid']);
  expect(two['path']).not.toBe(one['path']);
});

test('a stream that was not to be kept is a file for the next step, too', async () => {
  const { made } = await outputOf('produce', { bytes: 300_000, keep: false });
  const [first] = made as unknown as [StreamHandle & JsonObject];
  expect(await outputOf('weigh', { file: first })).toMatchObject({ size: 300_000, sha256: first.sha256 });
  expect(await perform('weigh', { file: { ...first, $stream: 'stream_other' } })).toMatchObject({
    outcome: { ok: false, failure: { code: 'not_found' } },
  });
  expect(await left()).toEqual([]);
});

test('what Cadre resolved is read by its path or its handle, and no other has a way to it', async () => {
  const bytes = Buffer.alloc(200_000, 'x');
  const open = async function* () {
    yield bytes;
  };
  const $stream = `sha256:${sha256(bytes)}`;
  const handle = { $stream, contentType: 'image/png', size: bytes.length, sha256: sha256(bytes) };
  const given = { files: new Map([['file', open]]), streams: new Map([[$stream, open]]) };
  const reference = { $artifact: $stream, bytes: bytes.length, type: 'text' };
  expect(await outputOf('weigh', { file: reference }, { given })).toMatchObject({ sha256: sha256(bytes) });
  expect(await outputOf('copy', { from: handle }, { given })).toMatchObject({ made: { size: 200_000 } });
  expect(await perform('copy', { from: handle })).toMatchObject({ outcome: { failure: { code: 'denied' } } });
  // Data that looks like a reference is data.
  expect(await outputOf('weigh', { file: reference })).toMatchObject({ begins: JSON.stringify(reference) });
});

test('a result that rests on a file is kept by what is in it, and found again', async () => {
  const cache = {
    results: fixture.store.results,
    files: fixture.store.files,
    limits: { ttlMs: 60_000, maxBytes: 1024 * 1024 },
  };
  gate = fixture.newGate({ cache });
  expect((await perform('weigh', { file: 'one' })).cachedFrom).toBeUndefined();
  expect((await perform('weigh', { file: 'one' }, { run: 'run_2' })).cachedFrom).toBe('run_1');
  expect((await perform('weigh', { file: 'two' }, { run: 'run_2' })).cachedFrom).toBeUndefined();
});

test('an output that is an artifact is the path of a file, whose bytes are told with the call [WRK-44]', async () => {
  const text = 'a,b\n'.repeat(100_000);
  const { outcome, written } = await perform('print', { text });
  const report = { contentType: 'text/csv', size: text.length, sha256: sha256(text) };
  expect(outcome).toMatchObject({ ok: true, output: { report, other: 1 } });
  expect(written).toEqual([{ handle: expect.objectContaining(report), path: expect.any(String) }]);
  const stream = await perform('print', { text: 'x', stream: true });
  expect(stream.outcome).toMatchObject({ ok: true, output: { report: { contentType: 'text/x-own' } } });
});

test('an output that leads to no file is the fault of the worker', async () => {
  const fault = { outcome: { ok: false, failure: { code: 'invalid_output' } } };
  expect(await perform('print', { path: '/nowhere/at/all' })).toMatchObject(fault);
  expect(await perform('print', { path: fixture.workspace })).toMatchObject(fault);
});

test('what is not to be kept is not told with the call', async () => {
  expect((await perform('produce', { bytes: 10, keep: false })).written).toBeUndefined();
  expect((await perform('produce', { bytes: 10 })).written).toHaveLength(1);
});
