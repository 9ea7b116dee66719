import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Gate } from '../../src/ports/gate.ts';
import { besideRunner } from '../../src/testing/beside-runner.ts';
import { openRunner } from '../../src/workers/open-runner.ts';
import { type GateFixture, gateFixture } from '../gate-fixture.ts';
import { describeSandboxed } from '../sandboxed.ts';
import { buildWorker } from '../worker-fixture.ts';

let fixture: GateFixture;
let gate: Gate;
beforeEach(async () => {
  fixture = await gateFixture('escaper');
  gate = fixture.newGate();
});
afterEach(() => fixture.remove());

const manifestFile = () => join(fixture.workers, 'escaper/worker.yaml');

async function changeManifest(from: string, to: string): Promise<void> {
  const text = await readFile(manifestFile(), 'utf8');
  expect(text).toContain(from);
  await writeFile(manifestFile(), text.replace(from, to));
}

const denied = (entry: object) => expect.objectContaining({ decision: 'denied', ...entry });

describeSandboxed('a manifest that lies', () => {
  test('[WRK-19] an action without effects that writes all the same can write nowhere', async () => {
    const path = join(fixture.workspace, 'written.txt');
    const { effects } = await fixture.perform(gate, 'escaper/harmless', { way: 'write', path });
    expect(effects).toEqual([]);
    expect(await readdir(fixture.workspace)).not.toContain('written.txt');
  });

  test('[WRK-58] an output that was not promised is a failure, and stands in the record as one', async () => {
    const path = '/etc/hostname';
    const { outcome } = await fixture.perform(gate, 'escaper/harmless', { way: 'read', path });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'invalid_output' } });
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({ operation: 'call', outcome: 'invalid_output' }),
    );
  });

  test('[WRK-16] what the action did not ask for is refused by name, although the worker as a whole did', async () => {
    const lines = [
      '{"type":"request","call":"CALL","request":"CALL:9","body":{"kind":"secret","name":"TOKEN"}}',
      '{"type":"request","call":"CALL","request":"CALL:8","body":{"kind":"connect","host":"evil.example.test","port":443}}',
    ];
    await fixture.perform(gate, 'escaper/harmless', { way: 'ask', lines });
    const record = await fixture.audited();
    const rule = expect.stringContaining('does not ask for it');
    expect(record).toContainEqual(denied({ operation: 'secret', permission: 'secret:TOKEN', rule }));
    expect(record).toContainEqual(
      denied({ operation: 'connect', permission: 'net:evil.example.test:443', rule }),
    );
    expect(fixture.questions).toEqual([]);
  });

  test('[WRK-4] actions that its code does not have are found out when it is started', async () => {
    await changeManifest('{ name: harmless,', '{ name: promised,');
    const { outcome } = await fixture.perform(gate, 'escaper/promised');
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'incompatible', message: /promised/ } });
    expect(await fixture.audited()).toContainEqual(expect.objectContaining({ outcome: 'incompatible' }));
  });

  test('[WRK-7] a file outside of its package is not started', async () => {
    await changeManifest('entrypoint: main.js', 'entrypoint: ../../../usr/bin/evil.js');
    const { outcome } = await fixture.perform(gate, 'escaper/alone');
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'invalid_manifest' } });
  });

  test('[WRK-19] one that takes the name of a worker in the box does not get what that is trusted with', async () => {
    await buildWorker('polite', join(fixture.workspace, '.cadre/workers/escaper'));
    const { outcome } = await fixture.perform(gate, 'escaper/harmless', { way: 'nothing' });
    expect(outcome).toMatchObject({ failure: { code: 'invalid_output' } });
  });

  test('[WRK-23] more than the settings let it use is not to be had by asking for it', async () => {
    await changeManifest(
      'actions:',
      'resources: { outputMiB: 1, openFiles: 1048576, processes: 1000000 }\nactions:',
    );
    const runner = openRunner({
      ...besideRunner(),
      builtInFolder: fixture.workers,
      workspace: fixture.workspace,
      sandbox: fixture.sandbox,
    });
    const narrow = fixture.newGate({ runner });
    const line = { type: 'log', call: '1', level: 'debug', message: 'x'.repeat(10_000) };
    const { outcome } = await fixture.perform(narrow, 'escaper/alone', { way: 'end:output', line });
    expect(outcome).toMatchObject({
      failure: { code: 'limit_exceeded', details: { limit: 'output', planned: 1024 * 1024 } },
    });
    await runner.close();
  });

  test('[WRK-23] a heap that is full is reported as a limit of memory, and as no crash of unknown cause', async () => {
    await changeManifest('actions:', 'resources: { memoryMiB: 48 }\nactions:');
    const runner = openRunner({
      ...besideRunner(),
      builtInFolder: fixture.workers,
      workspace: fixture.workspace,
      sandbox: fixture.sandbox,
    });
    const { outcome } = await fixture.perform(fixture.newGate({ runner }), 'escaper/alone', {
      way: 'end:heap',
    });
    expect(outcome).toMatchObject({ failure: { code: 'limit_exceeded', details: { limit: 'memory' } } });
    await runner.close();
  });
});
