import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture, TOKEN } from '../../test/gate-fixture.ts';
import { describeSandboxed } from '../../test/sandboxed.ts';

let fixture: GateFixture;
beforeEach(async () => {
  fixture = await gateFixture();
});
afterEach(() => fixture.remove());

describeSandboxed('secrets', () => {
  test('[WRK-22] a marker in the input becomes the value at the edge, and the value leaves nowhere', async () => {
    fixture.answers.push('run');
    const { outcome } = await fixture.perform(fixture.newGate(), 'polite/given', {
      password: { $secret: 'TOKEN' },
    });
    expect(outcome).toEqual({ ok: true, output: { length: TOKEN.length, password: '***' } });
  });

  test('[WRK-22] is masked in outputs, effects, log lines and the record, in every form', async () => {
    fixture.answers.push('run');
    const performed = await fixture.perform(fixture.newGate(), 'polite/secret', { name: 'TOKEN' });
    const everything = JSON.stringify([performed, fixture.logs, await fixture.audited()]);
    expect(performed.outcome).toEqual({ ok: true, output: { value: '***', url: '***' } });
    expect(performed.effects).toEqual([{ kind: 'command', command: 'login ***', purpose: 'test' }]);
    expect(fixture.logs.some((line) => line.startsWith('it is ***'))).toBe(true);
    for (const form of [TOKEN, encodeURIComponent(TOKEN), Buffer.from(`user:${TOKEN}`).toString('base64')]) {
      expect(everything).not.toContain(form);
    }
  });

  test('a value that does not fit the schema is refused, without being told', async () => {
    fixture.answers.push('run');
    const gate = fixture.newGate({ secrets: { find: async () => 'short' } });
    const { outcome } = await fixture.perform(gate, 'polite/given', { password: { $secret: 'TOKEN' } });
    expect(outcome).toMatchObject({
      failure: { code: 'invalid_input', details: { faults: [{ pointer: '/password' }] } },
    });
    expect(JSON.stringify(outcome)).not.toContain('short"');
  });

  test('one that is not granted or not there is refused by its name', async () => {
    expect(
      (await fixture.perform(fixture.newGate(), 'polite/given', { password: { $secret: 'TOKEN' } })).outcome,
    ).toMatchObject({ failure: { code: 'denied' } });
    fixture.answers.push('run');
    const empty = fixture.newGate({ secrets: { find: async () => undefined } });
    expect(
      (await fixture.perform(empty, 'polite/given', { password: { $secret: 'TOKEN' } })).outcome,
    ).toMatchObject({
      failure: { code: 'not_found', message: /TOKEN/ },
    });
  });
});

describeSandboxed('the network', () => {
  test('a worker with a limit of its own has as long as that says, and any other as long as requests have', async () => {
    const server = createServer((_, response) => void setTimeout(() => response.end('late'), 300));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    fixture.answers.push('run', 'run');
    const { runner } = fixture;
    const longer: typeof runner = {
      ...runner,
      resolve(uses) {
        const found = runner.resolve(uses);
        return { ...found, worker: { ...found.worker, requestMs: 60_000 } };
      },
    };
    const limits = { fetch: { timeoutMs: 50 } };
    expect(
      (await fixture.perform(fixture.newGate({ limits }), 'polite/fetch', { url })).outcome,
    ).toMatchObject({
      failure: { code: 'timeout', message: /within 50 ms/ },
    });
    const patient = fixture.newGate({ limits, runner: longer });
    expect((await fixture.perform(patient, 'polite/fetch', { url })).outcome).toMatchObject({ ok: true });
    server.close();
  });

  test('[WRK-21] a private address is reached only when that very host was granted', async () => {
    const server = createServer((_, response) => response.end('from the host'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/?q=1`;
    const widely = fixture.newGate({ policy: { allow: ['net:*'], ask: [], deny: [], sandbox: 'warn' } });
    expect((await fixture.perform(widely, 'polite/fetch', { url })).outcome).toMatchObject({
      failure: { code: 'denied', message: /private network/ },
    });
    fixture.answers.push('once');
    expect((await fixture.perform(fixture.newGate(), 'polite/fetch', { url })).outcome).toMatchObject({
      ok: true,
      output: { status: 200, body: 'from the host' },
    });
    expect(fixture.questions).toMatchObject([{ permission: `net:127.0.0.1:${port}` }]);
    server.close();
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({
        operation: 'fetch',
        target: `127.0.0.1:${port}`,
        decision: 'allowed',
        rule: 'answer once',
      }),
    );
  });

  test('[WRK-21] a host beyond the manifest is refused without asking', async () => {
    expect(
      (await fixture.perform(fixture.newGate(), 'polite/fetch', { url: 'https://evil.test/' })).outcome,
    ).toMatchObject({
      failure: { code: 'denied' },
    });
    expect(fixture.questions).toEqual([]);
  });
});
