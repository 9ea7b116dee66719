import { join } from 'node:path';
import { arch } from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gate } from '../../src/ports/gate.ts';
import { openSandbox } from '../../src/sandboxes/open-sandbox.ts';
import { besideRunner } from '../../src/testing/beside-runner.ts';
import { openRunner } from '../../src/workers/open-runner.ts';
import { type GateFixture, gateFixture } from '../gate-fixture.ts';
import { describeSandboxed } from '../sandboxed.ts';

let fixture: GateFixture;
let gate: Gate;
beforeAll(async () => {
  fixture = await gateFixture('escaper');
  gate = fixture.newGate();
  await fixture.put('granted.txt', 'granted');
});
afterAll(() => fixture.remove());

const got = async (action: string, input: object) =>
  (await fixture.perform(gate, `escaper/${action}`, { ...input })).outcome;

/** An attempt that fails because what it uses is not there would show nothing. */
describeSandboxed('what the attempts rest on', () => {
  test('reads what was granted, with programs and without', async () => {
    const path = join(fixture.workspace, 'granted.txt');
    for (const action of ['armed', 'alone']) {
      expect(await got(action, { way: 'read', path })).toEqual({ ok: true, output: { got: 'granted' } });
    }
  });

  test('runs a shell and makes calls of the system', async () => {
    expect(await got('armed', { way: 'shell', script: 'echo here' })).toEqual({
      ok: true,
      output: { got: 'here\n' },
    });
    const getpid = arch === 'arm64' ? '172' : '39';
    expect(await got('armed', { way: 'syscall', number: getpid, values: [] })).toMatchObject({
      output: { got: expect.stringMatching(/^got \d+$/) },
    });
    expect(await got('armed', { way: 'socket', family: '1', type: '1' })).toMatchObject({
      output: { got: 'opened' },
    });
  });

  test('refuses to try anything outside of a box, so that the suite harms nobody', async () => {
    const { workspace, workers } = fixture;
    const sandbox = openSandbox({ workspace, environment: { PATH: '/nowhere' } });
    const runner = openRunner({ ...besideRunner(), builtInFolder: workers, workspace, sandbox });
    const open = fixture.newGate({ runner, sandboxReport: (tier) => sandbox.probe(tier) });
    for (const way of ['write', 'signal', 'shell', 'end:fork', 'end:memory', 'end:disk']) {
      const { outcome } = await fixture.perform(open, 'escaper/armed', {
        way,
        path: join(workspace, 'not-made'),
        script: 'true',
        pid: process.pid,
        signal: 0,
        most: 1,
      });
      expect(outcome).toMatchObject({ ok: false, failure: { message: /it is not in a sandbox/ } });
    }
    await runner.close();
  });
});
