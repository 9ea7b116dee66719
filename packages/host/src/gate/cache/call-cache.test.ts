import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Effect, JsonObject } from '@cadre/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture, PLAN } from '../../../test/gate-fixture.ts';
import { describeSandboxed } from '../../../test/sandboxed.ts';
import type { Gate, GateCall } from '../../ports/gate.ts';
import { simulatedClock } from '../../testing/simulated-clock.ts';

let fixture: GateFixture;
let gate: Gate;
beforeEach(async () => {
  fixture = await gateFixture('keeper');
  gate = newGate();
  execFileSync('git', ['init', '--quiet'], { cwd: fixture.workspace });
  await mkdir(join(fixture.workspace, 'src'));
  await fixture.put('src/a.txt', 'one');
});
afterEach(() => fixture.remove());

const DAY_MS = 86_400_000;

function newGate(changes: Parameters<GateFixture['newGate']>[0] = {}): Gate {
  const { results, files } = fixture.store;
  const limits = { ttlMs: DAY_MS, maxBytes: 1024 ** 3 };
  return fixture.newGate({ cache: { results, files, limits }, ...changes });
}

/** The number that the action gave, and the run that it comes from when it was not performed. */
interface Called {
  readonly nonce: string;
  readonly effects: readonly Effect[];
  readonly cachedFrom?: string;
  readonly failure?: string;
}

async function call(
  uses: string,
  input: JsonObject = {},
  changes: Partial<GateCall> = {},
  through = gate,
): Promise<Called> {
  const { outcome, ...rest } = await fixture.perform(through, `keeper/${uses}`, input, changes);
  if (!outcome.ok) return { nonce: outcome.failure.message, failure: outcome.failure.code, ...rest };
  return { nonce: String((outcome.output as JsonObject)['nonce']), ...rest };
}

async function isKept(uses: string, input: JsonObject = {}, changes: Partial<GateCall> = {}) {
  const first = await call(uses, input, changes);
  const second = await call(uses, input, changes);
  return second.cachedFrom !== undefined && second.nonce === first.nonce;
}

const author = (key: string, changes = {}) => ({
  cache: { key, scope: 'workflow/step', ttlMs: DAY_MS, tags: ['mine'], ...changes },
});

describeSandboxed('a result that is kept', () => {
  test('[WRK-126] is answered to the same input in another run, which names the run it comes from', async () => {
    const first = await call('roll', { a: 1, b: [2] });
    const again = await call('roll', { b: [2], a: 1 }, { run: 'run_2', step: 'other', attempt: 3 });
    expect(again).toEqual({ nonce: first.nonce, effects: [], cachedFrom: 'run_1' });
    expect((await call('roll', { a: 2, b: [2] })).cachedFrom).toBeUndefined();
  });

  test('[WRK-126] is recorded in the audit as what it is, and starts no worker', async () => {
    await call('roll');
    const before = (await fixture.audited()).length;
    const unable = newGate({
      runner: { ...fixture.runner, perform: () => Promise.reject(new Error('performed')) },
    });
    await call('roll', {}, { run: 'run_2' }, unable);
    expect((await fixture.audited()).slice(before)).toMatchObject([
      {
        operation: 'call',
        decision: 'allowed',
        rule: 'cache',
        outcome: 'succeeded',
        run: 'run_2',
        details: { cachedFrom: 'run_1' },
      },
    ]);
  });

  test('is not answered, and no other kept, to a run that wants none [WRK-126]', async () => {
    const first = await call('roll');
    const anew = await call('roll', {}, { noCache: true });
    expect([anew.cachedFrom, anew.nonce === first.nonce]).toEqual([undefined, false]);
    expect((await call('roll')).nonce).toBe(first.nonce);
  });

  test('[WRK-126] holds for a day, or as long as the author says', async () => {
    const clock = simulatedClock(1_000);
    const timed = newGate({ clock });
    const first = await call('roll', {}, {}, timed);
    await call('plain', {}, author('k', { ttlMs: 5_000 }), timed);
    await clock.advance(4_999);
    expect((await call('plain', {}, author('k', { ttlMs: 5_000 }), timed)).cachedFrom).toBe('run_1');
    await clock.advance(1);
    expect((await call('plain', {}, author('k', { ttlMs: 5_000 }), timed)).cachedFrom).toBeUndefined();
    await clock.advance(DAY_MS - 5_001);
    expect((await call('roll', {}, {}, timed)).nonce).toBe(first.nonce);
    await clock.advance(1);
    expect((await call('roll', {}, {}, timed)).cachedFrom).toBeUndefined();
  });

  test('a failure is never kept', async () => {
    expect((await call('roll', { fail: true })).failure).toBe('failed');
    expect(await fixture.store.results.list(Date.now())).toEqual([]);
  });

  test('an action that says nothing of being pure is performed each time', async () => {
    expect(await isKept('plain')).toBe(false);
  });
});

describeSandboxed('what a result rests on', () => {
  test.each<readonly [string, boolean, () => Promise<unknown>]>([
    ['nothing', true, async () => {}],
    ['a file beside them', true, () => fixture.put('other.txt', 'x')],
    ['the content of a file', false, () => fixture.put('src/a.txt', 'two')],
    ['a new file', false, () => fixture.put('src/b.txt', '')],
    ['a file that is gone', false, () => rm(join(fixture.workspace, 'src/a.txt'))],
    ['a file of the worker', false, () => putData('state.json')],
    ['another file of the worker', true, () => putData('other.json')],
    ['the code of the worker', false, () => writeFile(join(fixture.workers, 'keeper/extra.js'), '')],
    ['another copy of the program', false, () => ownGit()],
    ['packages that are installed', false, () => installed()],
  ])('[HYG-39] [WRK-126] after a change of %s the answer is kept: %s', async (_, kept, change) => {
    const first = await call('look');
    await change();
    const second = await call('look');
    expect([second.cachedFrom !== undefined, second.nonce === first.nonce]).toEqual([kept, kept]);
  });

  async function putData(name: string): Promise<void> {
    await writeFile(join(fixture.dataDir, 'workers/keeper', name), '{}');
  }

  async function ownGit(): Promise<void> {
    await mkdir(join(fixture.workspace, 'node_modules/.bin'), { recursive: true });
    const path = join(fixture.workspace, 'node_modules/.bin/git');
    await writeFile(path, '#!/bin/sh\necho git version 0\n', { mode: 0o755 });
  }

  async function installed(): Promise<void> {
    await mkdir(join(fixture.workspace, '.venv'));
    await writeFile(join(fixture.workspace, '.venv/pyvenv.cfg'), 'version = 3');
  }

  test('settings of the worker and variables of the step count too', async () => {
    const first = await call('look');
    const other = newGate({ config: () => ({ depth: 2 }) });
    expect((await call('look', {}, {}, other)).nonce).not.toBe(first.nonce);
    expect((await call('look', {}, { env: { LEVEL: '2' } })).nonce).not.toBe(first.nonce);
    expect((await call('look')).nonce).toBe(first.nonce);
  });
});

describeSandboxed('[WRK-19] [WRK-126] a result from another machine', () => {
  test('is not kept where it may rest on the programs there, which nobody here can see', async () => {
    const everything = { level: 'enforced', mechanism: 'another machine', missing: [] } as const;
    const elsewhere = newGate({
      policy: {
        allow: ['shell:git'],
        ask: [],
        deny: [],
        sandbox: 'warn',
        tiers: { builtIn: 'remote', signed: 'remote', unsigned: 'remote' },
      },
      sandboxReport: async () => everything,
      elsewhere: new Set(['remote']),
    });
    const first = await call('look', {}, {}, elsewhere);
    expect(first.failure).toBeUndefined();
    expect((await call('look', {}, {}, elsewhere)).cachedFrom).toBeUndefined();
    const rolled = await call('roll', {}, {}, elsewhere);
    expect((await call('roll', {}, {}, elsewhere)).nonce).toBe(rolled.nonce);
  });
});

describeSandboxed('who may have a kept result', () => {
  beforeEach(() => {
    gate = newGate({ policy: { allow: [], ask: ['shell:git'], deny: [], sandbox: 'warn' } });
  });

  test('[WRK-126] nobody who would not have been allowed to make it, and nobody is asked for it', async () => {
    fixture.answers.push('workspace');
    const first = await call('look');
    expect((await call('look')).nonce).toBe(first.nonce);
    const asked = fixture.questions.length;
    const refused = await call('look', {}, { principal: 'user:bob' });
    expect(refused.failure).toBe('denied');
    expect(fixture.questions.length).toBe(asked + 1);
    fixture.answers.push('workspace');
    expect((await call('look', {}, { principal: 'user:bob' })).cachedFrom).toBeUndefined();
    expect((await call('look', {}, { principal: 'user:bob' })).cachedFrom).toBe('run_1');
  });

  test('[WRK-126] not after what it took was taken back', async () => {
    fixture.answers.push('workspace');
    await call('look');
    const grants = await fixture.store.grants.list(Date.now());
    for (const { id } of grants) await fixture.store.grants.revoke(id);
    expect((await call('look')).failure).toBe('denied');
  });

  test('[WRK-126] a step that may do less, or sees less, has entries of its own', async () => {
    const first = await call('tidy');
    const narrowed = await call('tidy', {}, { permissionSets: [['fs:read:.', 'fs:write:src']] });
    expect(narrowed.nonce).not.toBe(first.nonce);
    const blinded = newGate({ policy: { allow: [], ask: [], deny: ['fs:read:src'], sandbox: 'warn' } });
    expect((await call('tidy', {}, {}, blinded)).cachedFrom).toBeUndefined();
    expect((await call('tidy')).nonce).toBe(first.nonce);
  });
});

describeSandboxed('what is not kept', () => {
  test('[WRK-126] a result after which the files are others, also when nothing was said of it', async () => {
    expect(await isKept('tidy', { write: 'made.txt' })).toBe(false);
    expect(await isKept('tidy')).toBe(true);
  });

  test('a result of a call that reported an effect', async () => {
    expect(await isKept('tidy', { report: true })).toBe(false);
  });

  test('[WRK-126] a result of a call that was handed a secret, or whose input names one', async () => {
    fixture.answers.push('workspace');
    expect(await isKept('reach', { secret: 'TOKEN' })).toBe(false);
    expect(await isKept('reach', { value: { $secret: 'TOKEN' } })).toBe(false);
    expect(await isKept('reach', { secret: 'TOKEN' }, author('k'))).toBe(false);
    expect(await fixture.store.results.list(Date.now())).toEqual([]);
  });

  test('a result that came over the network, unless the author of the step chose the key', async () => {
    const server = createServer((_, response) => void response.end('x')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    fixture.answers.push('workspace', 'workspace');
    expect(await isKept('reach', { url })).toBe(false);
    expect(await isKept('reach', { url }, author('k'))).toBe(true);
    server.close();
  });

  test('a result of a call that saw variables of the host', async () => {
    fixture.answers.push('workspace');
    expect(await isKept('environment')).toBe(false);
  });

  test('[WRK-126] a result whose artifact is no longer there, or another, is made anew', async () => {
    expect(await isKept('tidy', { artifact: true })).toBe(true);
    const before = await call('tidy', { artifact: true });
    await writeFile(join(fixture.dataDir, 'workers/keeper/artifact.txt'), 'changed');
    expect((await call('tidy', { artifact: true })).nonce).not.toBe(before.nonce);
  });
});

describeSandboxed('an entry that was tampered with', () => {
  test('is not answered when it does not fit the action, and is made again', async () => {
    const first = await call('roll');
    const [{ key = '' } = {}] = await fixture.store.results.list(Date.now());
    const kept = await fixture.store.results.find(key, Date.now());
    if (kept === undefined) throw new Error('nothing was kept');
    await fixture.store.results.put({ ...kept, output: { other: 1 } }, 1024 ** 3);
    const second = await call('roll');
    expect([second.failure, second.cachedFrom, second.nonce === first.nonce]).toEqual([
      undefined,
      undefined,
      false,
    ]);
    expect(await call('roll')).toMatchObject({ nonce: second.nonce, cachedFrom: 'run_1' });
  });
});

describeSandboxed('a key that the author of a step chose', () => {
  test('[WRK-30] stands instead of input and files, for any action that changes nothing', async () => {
    const first = await call('plain', { a: 1 }, author('k'));
    await fixture.put('src/a.txt', 'two');
    expect((await call('plain', { a: 2 }, author('k'))).nonce).toBe(first.nonce);
    expect((await call('plain', { a: 1 }, author('l'))).nonce).not.toBe(first.nonce);
    expect((await call('plain', { a: 1 }, author('k', { scope: 'workflow/other' }))).nonce).not.toBe(
      first.nonce,
    );
    expect(await fixture.store.results.clear('mine')).toBe(3);
  });

  test('[WRK-126] keeps nothing of a call that changed a file, even one it never told of', async () => {
    expect(await isKept('plain', { write: 'made.txt' }, author('k'))).toBe(false);
  });
});

describeSandboxed('a plan', () => {
  test('is answered with what applying it found unchanged, as long as the copy is the same, and keeps nothing', async () => {
    const planned = await call('tidy', {}, { ...PLAN, run: 'run_p' });
    expect(await fixture.store.results.list(Date.now())).toEqual([]);
    const applied = await call('tidy');
    expect(applied.nonce).not.toBe(planned.nonce);
    const again = await call('tidy', {}, { ...PLAN, run: 'run_p' });
    expect(again).toEqual({ nonce: applied.nonce, effects: [], cachedFrom: 'run_1' });
    await call('tidy', { write: 'planned.txt' }, { ...PLAN, run: 'run_p' });
    expect((await call('tidy', {}, { ...PLAN, run: 'run_p' })).cachedFrom).toBeUndefined();
    expect((await call('tidy', {}, { ...PLAN, run: 'run_q' })).cachedFrom).toBe('run_1');
    for (const run of ['run_p', 'run_q']) await gate.endRun(run);
  });
});
