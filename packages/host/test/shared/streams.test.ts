import { createHash } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isReference, referencesIn } from '@cadre/core/history';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLargeValues } from '../../src/engine/large-values.ts';
import { performWhole } from '../../src/engine/perform-whole.ts';
import type { GateCall } from '../../src/ports/gate.ts';
import type { Store } from '../../src/ports/store.ts';
import { openPostgresStore } from '../../src/stores/open-postgres-store.ts';
import { openSqliteStore } from '../../src/stores/open-sqlite-store.ts';
import { lacksPostgres, type PostgresServer, startPostgres } from '../../src/testing/postgres-server.ts';
import { sampleCall, UNHEARD } from '../../src/testing/sample-call.ts';
import { type GateFixture, gateFixture } from '../gate-fixture.ts';

let fixture: GateFixture;
let store: Store;
let folder: string;

beforeEach(async () => {
  fixture = await gateFixture('streamer');
  folder = join(fixture.dataDir, 'one');
  await mkdir(folder);
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

/** What shares the store and nothing else. */
async function machine(name: string) {
  const dataDir = join(fixture.dataDir, name);
  await mkdir(dataDir, { recursive: true });
  const gate = fixture.newGate({ dataDir });
  const values = createLargeValues(store.artifacts, { now: () => 1_000 });
  async function perform(action: string, input: JsonObject, changes: Partial<GateCall> = {}) {
    const call = sampleCall(`streamer/${action}`, input, changes);
    return performWhole({ gate, values }, call, new AbortController().signal, UNHEARD);
  }
  async function outputOf(...call: Parameters<typeof perform>): Promise<JsonObject> {
    const { outcome } = await perform(...call);
    if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
    return outcome.output as JsonObject;
  }
  return { dataDir, gate, values, perform, outputOf };
}

const MIB = 1024 * 1024;
const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');

function contract(open: () => Promise<Store>): void {
  beforeEach(async () => {
    store = await open();
  });

  test('what an action writes is read by a step on another machine, as a stream and as a file, also when its run is over [WRK-44]', async () => {
    const [one, two] = [await machine('one'), await machine('two')];
    const { made } = await one.outputOf('produce', { bytes: 5 * MIB + 7 });
    const [first] = made as unknown as [JsonValue];
    expect(isReference(first)).toBe(true);
    await one.gate.endRun('run_1');
    expect(await readdir(join(one.dataDir, 'streams'))).toEqual([]);

    const copied = await two.outputOf('copy', { from: first });
    // The same bytes are the same artifact, whoever wrote them.
    expect(copied['made']).toEqual(first);
    const weighed = await two.outputOf('weigh', { file: first });
    expect(weighed).toMatchObject({ size: 5 * MIB + 7 });
    const [record] = (await store.artifacts.list({})).artifacts;
    expect(record).toMatchObject({
      digest: `sha256:${weighed['sha256']}`,
      type: 'bytes',
      contentType: 'video/x-test',
      bytes: 5 * MIB + 7,
      class: 'standard',
      run: 'run_1',
    });
  });

  test('a file that an action gives is an artifact, and what is passed on stays one', async () => {
    const [one, two] = [await machine('one'), await machine('two')];
    const text = 'a,b\n'.repeat(100_000);
    const { report } = await one.outputOf('print', { text });
    expect(await two.outputOf('weigh', { file: report ?? null })).toMatchObject({ sha256: sha256(text) });
    const small = await one.outputOf('print', { text: 'x' });
    expect(await two.outputOf('weigh', { file: small['report'] ?? null })).toMatchObject({ begins: 'x' });
    // In another artifact: a list of them that is large itself.
    const list = await one.values.keep({ id: 'run_1', mode: 'apply' }, [report ?? null, 'y'.repeat(300_000)]);
    expect(referencesIn(list)).toHaveLength(1);
    const said = await two.outputOf('say', { parts: ['x'], list });
    expect(said).toEqual({ parts: 1 });
    expect((await store.artifacts.list({ run: 'run_1' })).artifacts).toHaveLength(3);
  });

  test('a large value is a file of its characters, or of its JSON, without being loaded', async () => {
    const one = await machine('one');
    const owner = { id: 'run_1', mode: 'apply' } as const;
    const text = 'Ω"\n\\'.repeat(200_000);
    const list = ['x'.repeat(300_000), { a: 1 }];
    expect(await one.outputOf('weigh', { file: await one.values.keep(owner, text) })).toMatchObject({
      sha256: sha256(text),
    });
    expect(await one.outputOf('weigh', { file: await one.values.keep(owner, list) })).toMatchObject({
      sha256: sha256(JSON.stringify(list)),
    });
    expect(await one.outputOf('weigh', { file: 'small' })).toMatchObject({ begins: 'small' });
  });

  test('of a plan it is temporary, and what stands in no result is not kept at all', async () => {
    const one = await machine('one');
    await one.outputOf('print', { text: 'planned' }, { mode: 'plan' });
    expect((await store.artifacts.list({})).artifacts).toMatchObject([{ class: 'temporary', bytes: 7 }]);
    await one.outputOf('produce', { bytes: 10, leave: true });
    await one.outputOf('produce', { bytes: 10, keep: false });
    expect((await store.artifacts.list({})).artifacts).toHaveLength(1);
  });

  test('nobody reads an artifact by writing down its hash', async () => {
    const one = await machine('one');
    const { report } = await one.outputOf('print', { text: 'secret' });
    const [{ stream } = { stream: undefined }] = referencesIn(report);
    const forged = { ...stream } as JsonObject;
    expect((await one.perform('copy', { from: forged })).outcome).toMatchObject({
      ok: false,
      failure: { code: 'denied' },
    });
    expect((await one.perform('weigh', { file: forged })).outcome).toMatchObject({
      ok: false,
      failure: { code: 'denied' },
    });
  });

  test('one that is gone ends the attempt with the reason', async () => {
    const one = await machine('one');
    const { report } = await one.outputOf('print', { text: 'x' });
    const [found] = (await store.artifacts.list({})).artifacts;
    expect(found && (await store.artifacts.remove(found))).toBe(true);
    const gone = { ok: false, failure: { code: 'artifact_missing' } };
    expect((await one.perform('weigh', { file: report ?? null })).outcome).toMatchObject(gone);
    expect((await one.perform('copy', { from: report ?? null })).outcome).toMatchObject({ ok: false });
  });
}

describe('with a store in files', () => {
  contract(() => openSqliteStore(join(folder, 'cadre.db')));
});

describe.skipIf(lacksPostgres())('with a store that machines share', () => {
  let server: PostgresServer;
  let schemas = 0;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.close());
  contract(async () => openPostgresStore(server.url, `streams${++schemas}`));
});
