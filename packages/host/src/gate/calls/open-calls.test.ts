import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Failure, JsonObject, JsonValue } from '@cadre/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture, TOKEN } from '../../../test/gate-fixture.ts';
import { describeSandboxed } from '../../../test/sandboxed.ts';
import { buildWorker } from '../../../test/worker-fixture.ts';
import type { AuditEntry } from '../../ports/audit-store.ts';
import type { Gate, GateCall, Performed } from '../../ports/gate.ts';
import { besideRunner } from '../../testing/beside-runner.ts';
import { openRunner } from '../../workers/open-runner.ts';
import { MOST_CALLS } from './open-calls.ts';

let fixture: GateFixture;
let gate: Gate;
beforeEach(async () => {
  fixture = await gateFixture('polite', 'caller', 'partner');
  gate = fixture.newGate();
});
afterEach(() => fixture.remove());

interface Answer {
  readonly ok: boolean;
  readonly output?: JsonValue;
  readonly failure?: Failure;
}

const one = (uses: string, input: JsonObject = {}) => ({ uses, input });

function answersIn({ outcome }: Performed): readonly Answer[] {
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return (outcome.output as unknown as { answers: Answer[] }).answers;
}

async function call(
  by: string,
  calls: JsonObject[],
  changes: Partial<GateCall> = {},
  through = gate,
): Promise<readonly Answer[]> {
  return answersIn(await fixture.perform(through, `caller/${by}`, { calls }, changes));
}

/** What a refusal says, in the shape that each has. */
async function refusal(by: string, uses: string, input: JsonObject = {}, changes: Partial<GateCall> = {}) {
  const [answer] = await call(by, [one(uses, input)], changes);
  return answer?.failure;
}

async function recorded(what: Partial<AuditEntry>): Promise<readonly AuditEntry[]> {
  const all = await fixture.audited();
  return all.filter((entry) =>
    Object.entries(what).every(([key, value]) => entry[key as keyof AuditEntry] === value),
  );
}

describeSandboxed('an action that calls another one', () => {
  test('[WRK-17] [WRK-18] [WRK-57] has it performed through the whole gate, and the record names who called it', async () => {
    expect(await call('pass', [one('polite/echo', { text: 'hi' })])).toEqual([
      { ok: true, output: { text: 'hi' } },
    ]);
    const details = { calledBy: ['caller/pass@0.1.0'] };
    expect(await recorded({ worker: 'polite' })).toMatchObject([
      { operation: 'call', action: 'echo', version: '1.2.0', decision: 'allowed', run: 'run_1', details },
      { operation: 'call', action: 'echo', decision: 'allowed', outcome: 'succeeded', details },
    ]);
    // Between the beginning and the end of the one that called it.
    expect((await fixture.audited()).map(({ worker }) => worker)).toEqual([
      'caller',
      'polite',
      'polite',
      'caller',
    ]);
  });

  test('[WRK-57] [WRK-58] [WRK-64] what goes in and what comes out is checked as of any call', async () => {
    expect(await refusal('pass', 'polite/echo', { text: 5 })).toMatchObject({ code: 'invalid_input' });
    expect(await refusal('pass', 'polite/wrong')).toMatchObject({ code: 'invalid_output' });
    expect(await refusal('pass', 'polite/ecko')).toMatchObject({
      code: 'not_found',
      hint: 'did you mean polite/echo?',
    });
    expect(
      await refusal('pass', 'polite/fail', { code: 'my_code', message: 'no', hint: 'so' }),
    ).toMatchObject({
      code: 'my_code',
      message: 'no',
      hint: 'so',
    });
  });

  test('[WRK-17] may call only what its manifest says, and is told what to add to it', async () => {
    const fix = 'add "polite/echo" to calls of the action alone in worker.yaml of caller';
    expect(await refusal('alone', 'polite/echo', { text: 'hi' })).toMatchObject({
      code: 'denied',
      hint: fix,
      details: { permission: 'call:polite/echo', target: 'polite/echo', fix },
    });
    expect(await recorded({ operation: 'call-action' })).toMatchObject([
      { worker: 'caller', action: 'alone', target: 'polite/echo', decision: 'denied', fix },
    ]);
    expect(await recorded({ worker: 'polite' })).toEqual([]);
    for (const uses of ['polite/echo@1', 'polite', '../polite/echo', 'polite/echo\n', '*/*', 'polite/*'])
      expect((await refusal('pass', uses))?.code).toMatch(/^(invalid_input|not_found|denied)$/);
  });

  test('[WRK-17] what lets the failure through ends with it, and says how to mend it', async () => {
    const input = { calls: [one('polite/secret', { name: 'OTHER' })], through: true };
    const { outcome } = await fixture.perform(gate, 'caller/pass', input);
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'denied', details: { permission: 'secret:OTHER', rule: expect.any(String) } },
    });
  });
});

describeSandboxed('nobody gains anything by having it done by another one', () => {
  test('[WRK-17] files: what the caller may not write, the one it calls may not either', async () => {
    await mkdir(join(fixture.workspace, 'src'));
    const write = (path: string) => one('polite/write', { files: { [path]: 'x' } });
    await fixture.put('there.txt', 'here');
    // What is written there is written into an empty folder of its own box.
    const [, read] = await call('bare', [write('a.txt'), one('polite/read', { path: 'there.txt' })]);
    expect(read).toMatchObject({ ok: false });
    await expect(fixture.read('a.txt')).rejects.toThrow('ENOENT');
    const [inside, outside] = await call('some', [write('src/a.txt'), write('b.txt')]);
    expect(inside).toMatchObject({ ok: true });
    expect(outside).toMatchObject({ ok: false });
    await expect(fixture.read('b.txt')).rejects.toThrow('ENOENT');
    await call('pass', [write('c.txt')], { permissionSets: [['fs:write:src']] });
    await expect(fixture.read('c.txt')).rejects.toThrow('ENOENT');
  });

  test('[WRK-17] network, secrets, programs and variables: the first who may not is named, with what to add', async () => {
    const [secret, program, host, environment] = await call('bare', [
      one('polite/secret', { name: 'TOKEN' }),
      one('polite/run', { program: 'true', arguments: [] }),
      one('polite/fetch', { url: 'http://127.0.0.1:9/' }),
      one('polite/environment'),
    ]);
    const rule = 'it is called by caller/bare, which may not: the manifest of caller does not ask for it';
    const denied = (permission: string) => ({
      ok: false,
      failure: {
        code: 'denied',
        hint: `add "${permission}" to permissions in worker.yaml of caller`,
        details: { permission, rule },
      },
    });
    expect(secret).toMatchObject(denied('secret:TOKEN'));
    // Of a program that may not be run there is nothing to be seen.
    expect(program).toMatchObject({ ok: false, failure: { code: 'program_missing' } });
    expect(host).toMatchObject(denied('net:127.0.0.1:9'));
    expect(environment?.output).not.toHaveProperty('CADRE_TEST_GIVEN');
    expect(fixture.questions).toEqual([]);
  });

  test('[WRK-17] all along the chain', async () => {
    const on = one('partner/on', { uses: 'polite/secret', input: { name: 'TOKEN' } });
    const [answer] = await call('some', [on]);
    expect(answer?.failure?.details).toMatchObject({
      permission: 'secret:TOKEN',
      rule: expect.stringMatching(/called by partner\/on, which may not: it is called by caller\/some/),
    });
    expect(await recorded({ worker: 'polite', operation: 'secret' })).toMatchObject([
      { decision: 'denied', details: { calledBy: ['caller/some@0.1.0', 'partner/on@0.1.0'] } },
    ]);
  });

  test('[WRK-17] [WRK-16] each of them has to be granted it, and the question names the chain', async () => {
    const secret = one('polite/secret', { name: 'TOKEN' });
    expect((await call('pass', [secret]))[0]?.failure).toMatchObject({
      code: 'denied',
      hint: 'cadre grant add caller secret:TOKEN',
      details: { rule: expect.stringContaining('called by caller/pass, which may not') },
    });
    fixture.answers.push('once', 'deny');
    expect((await call('pass', [secret]))[0]?.failure).toMatchObject({
      code: 'denied',
      hint: 'cadre grant add polite secret:TOKEN',
    });
    const chain = ['caller/pass@0.1.0', 'polite/secret@1.2.0'];
    expect(fixture.questions.slice(1)).toMatchObject([
      { worker: 'caller', sentence: 'caller wants to use the secret TOKEN', chain },
      { worker: 'polite', sentence: 'polite wants to use the secret TOKEN', chain },
    ]);
    expect((await recorded({ operation: 'ask', worker: 'polite' }))[0]?.details).toEqual({
      calledBy: ['caller/pass@0.1.0'],
    });
    fixture.answers.push('run', 'run');
    expect(await call('pass', [secret], { run: 'run_2' })).toMatchObject([{ ok: true }]);
    // Called directly the one that was granted it goes on having it.
    const direct = await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' }, { run: 'run_2' });
    expect(direct.outcome.ok).toBe(true);
  });

  test('[WRK-17] one that did not come with Cadre is asked for what one in the box may', async () => {
    const own = join(fixture.workspace, '.cadre/workers/guest');
    await buildWorker('caller', own);
    const manifest = await readFile(join(own, 'worker.yaml'), 'utf8');
    await writeFile(join(own, 'worker.yaml'), manifest.replace('id: caller', 'id: guest'));
    const runner = openRunner({
      ...besideRunner(),
      builtInFolder: fixture.workers,
      workspace: fixture.workspace,
      sandbox: fixture.sandbox,
    });
    const enforced = async () => ({ level: 'enforced', mechanism: 'test', missing: [] }) as const;
    const foreign = fixture.newGate({ runner, sandboxReport: enforced });
    fixture.answers.push('run');
    const run = one('polite/run', { program: 'true', arguments: [] });
    const performed = await fixture.perform(foreign, 'guest/pass', { calls: [run] });
    expect(answersIn(performed)[0]?.failure?.details).toMatchObject({ permission: 'shell:true' });
    expect(fixture.questions.map(({ worker, permission }) => `${worker} ${permission}`)).toEqual([
      'guest fs:write:.',
      'guest shell:true',
    ]);
    await runner.close();
  });

  test('[WRK-17] effects: who looks at the caller knows what comes of it', async () => {
    expect(await refusal('looks', 'polite/write', { files: {} })).toMatchObject({
      code: 'denied',
      hint: 'add write to effects of the action looks in worker.yaml of caller',
    });
    expect(await call('looks', [one('polite/echo', { text: 'hi' })])).toMatchObject([{ ok: true }]);
  });

  test('[WRK-17] a run, a principal, a key or permissions that come with a call are nobody’s', async () => {
    const forged = {
      run: 'run_9',
      principal: 'user:root',
      idempotencyKey: 'mine',
      permissionSets: [['fs:write:/']],
    };
    const [answer] = await call('pass', [{ uses: 'partner/key', input: {}, ...forged, options: forged }]);
    expect(answer?.output).toMatchObject({ run: 'run_1', step: 'step', attempt: 1 });
    expect(await recorded({ principal: 'user:root' })).toEqual([]);
  });
});

describeSandboxed('calls that go on and on', () => {
  test('[WRK-17] a circle is refused with the chain', async () => {
    const [answer] = await call('pass', [one('partner/back', { calls: [] })]);
    expect(answer?.failure?.details).toMatchObject({
      rule: 'it goes in a circle: caller/pass → partner/back → caller/pass',
    });
  });

  test('[WRK-17] no more than eight actions stand in one chain', async () => {
    const { outcome } = await fixture.perform(gate, 'partner/level-2');
    expect(outcome).toEqual({ ok: true, output: { level: 9 } });
    const deeper = await fixture.perform(gate, 'partner/level-1');
    expect(deeper.outcome).toMatchObject({
      ok: false,
      failure: {
        code: 'denied',
        details: { rule: expect.stringMatching(/no more than 8 .* partner\/level-9$/) },
      },
    });
  });

  test('[WRK-17] a step makes so many calls and no more, and the record is not flooded', async () => {
    const calls = Array.from({ length: MOST_CALLS + 1_200 }, () => one('polite/none'));
    const { outcome } = await fixture.perform(gate, 'caller/pass', { calls, together: true });
    expect(answersIn({ outcome, effects: [] }).at(-1)?.failure?.code).toBe('denied');
    expect((await fixture.audited()).length).toBeLessThan(MOST_CALLS + 10);
  });
});

describeSandboxed('what is called with far too much', () => {
  test('[WRK-17] is refused, and the record keeps the beginning of why', async () => {
    const [answer] = await call('pass', [one('polite/echo', { text: 'a', ['x'.repeat(100_000)]: 1 })]);
    expect(answer?.failure?.code).toBe('invalid_input');
    const [entry] = await recorded({ action: 'echo', decision: 'denied' });
    expect(entry?.outcome).toMatch(/^the input of echo does not fit its schema/);
    expect(JSON.stringify(entry).length).toBeLessThan(5_000);
  });
});

describeSandboxed('the key of a call', () => {
  const key = (answer: Answer | undefined) => (answer?.output as JsonObject | undefined)?.['idempotencyKey'];

  test('[WRK-32] is the same for the same call of the next attempt, and another for every other call', async () => {
    const calls = [one('partner/key'), one('partner/key'), one('partner/key', { a: 1, b: 2 })];
    const first = (await call('pass', calls)).map(key);
    expect(new Set(first).size).toBe(3);
    expect((await call('pass', calls, { attempt: 2 })).map(key)).toEqual(first);
    const turned = [one('partner/key', { b: 2, a: 1 }), one('partner/key'), one('partner/key')];
    expect((await call('pass', turned)).map(key)).toEqual([first[2], first[0], first[1]]);
    expect((await call('pass', calls, { idempotencyKey: 'other' })).map(key)).not.toContain(first[0]);
  });

  test('[WRK-32] variables of the step are for its own action', async () => {
    const [answer] = await call('pass', [one('partner/key')], { env: { MINE: 'x' } });
    expect((answer?.output as JsonObject)['variables']).not.toContain('MINE');
  });
});

describeSandboxed('a secret that is shown to the one that is called', () => {
  test('[WRK-64] is masked in what its caller is told and in all that comes of it', async () => {
    fixture.answers.push('run', 'run');
    const performed = await fixture.perform(gate, 'caller/pass', {
      calls: [one('polite/secret', { name: 'TOKEN' })],
    });
    expect(answersIn(performed)).toMatchObject([{ ok: true, output: { value: '***' } }]);
    expect(JSON.stringify([performed, fixture.logs, await fixture.audited()])).not.toContain(TOKEN);
    expect(fixture.logs).toContainEqual(expect.stringContaining('polite/secret: it is ***'));
  });

  test('[WRK-17] a reference in the input is filled in for the one that is called, if its caller may have it too', async () => {
    const given = { ...one('polite/given'), secret: 'TOKEN' };
    expect((await call('bare', [given]))[0]?.failure).toMatchObject({ code: 'denied' });
    fixture.answers.push('run', 'run');
    expect(await call('pass', [given])).toMatchObject([{ ok: true, output: { length: TOKEN.length } }]);
  });
});
