import { execFileSync } from 'node:child_process';
import { chown, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Effect, JsonObject } from '@cadre/sdk';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { buildWorker, type WorkerFixture, workerFixture } from '../../test/worker-fixture.ts';
import { systemClock } from '../clock.ts';
import type { ActionRunner } from '../ports/action-runner.ts';
import type { PermissionAnswer, PermissionQuestion } from '../ports/approver.ts';
import type { AuditEntry } from '../ports/audit-store.ts';
import type { GateCall } from '../ports/gate.ts';
import type { Sandbox, SandboxReport } from '../ports/sandbox.ts';
import type { Store } from '../ports/store.ts';
import { openSandbox } from '../sandboxes/open-sandbox.ts';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { openRunner } from '../workers/open-runner.ts';
import { createGate } from './create-gate.ts';
import type { GateSettings } from './gate-settings.ts';

const TOKEN = 'hunter2-very-secret/+=';

let fixture: WorkerFixture;
let sandbox: Sandbox;
let runner: ActionRunner;
let store: Store;
let questions: PermissionQuestion[];
let answers: PermissionAnswer[];
let logs: string[];

beforeEach(async () => {
  fixture = await workerFixture('polite');
  sandbox = openSandbox({ workspace: fixture.workspace, environment: process.env });
  runner = openRunner({ builtInFolder: fixture.workers, workspace: fixture.workspace, sandbox });
  store = await openSqliteStore(':memory:');
  questions = [];
  answers = [];
  logs = [];
});
afterEach(async () => {
  await runner.close();
  await store.close();
  await fixture.remove();
});

function newGate(changes: Partial<GateSettings> = {}) {
  return createGate({
    runner,
    audit: store.audit,
    grants: store.grants,
    approver: {
      async askPermission(question) {
        questions.push(question);
        return answers.shift();
      },
    },
    policy: { allow: [], ask: [], deny: [], sandbox: 'warn' },
    sandboxReport: () => sandbox.probe(),
    workspace: fixture.workspace,
    dataDir: fixture.dataDir,
    config: () => ({}),
    secrets: { find: async (name) => (name === 'TOKEN' ? TOKEN : undefined) },
    clock: systemClock(),
    environment: { ...process.env, CADRE_TEST_GIVEN: 'given', CADRE_OTHER: 'not given' },
    ...changes,
  });
}

function perform(
  gate: ReturnType<typeof newGate>,
  uses: string,
  input: JsonObject = {},
  changes: Partial<GateCall> = {},
) {
  return gate.perform(
    {
      uses,
      input,
      mode: 'apply',
      principal: 'user:ann',
      run: 'run_1',
      step: 'step',
      attempt: 1,
      idempotencyKey: 'key',
      permissionSets: [],
      env: {},
      ...changes,
    },
    new AbortController().signal,
    {
      log: ({ message, fields }) => logs.push(`${message} ${JSON.stringify(fields ?? {})}`),
      progress: () => {},
    },
  );
}

async function audited(): Promise<AuditEntry[]> {
  return (await store.audit.read(0)).map(({ entry }) => JSON.parse(entry) as AuditEntry);
}

const put = (path: string, text: string) => writeFile(join(fixture.workspace, path), text);
const read = (path: string) => readFile(join(fixture.workspace, path), 'utf8');
const paths = (effects: readonly Effect[]) =>
  effects.map((effect) => (effect.kind === 'file' ? effect.path : effect.kind));
const plan = { mode: 'plan' } as const;
const ENFORCED: SandboxReport = { level: 'enforced', mechanism: 'test', missing: [] };

describeSandboxed('a call through the gate', () => {
  test('[WRK-57] is performed, and the decision and its outcome are recorded', async () => {
    const { outcome } = await perform(newGate(), 'polite/echo', { text: 'hi' });
    expect(outcome).toEqual({ ok: true, output: { text: 'hi' } });
    expect(await audited()).toMatchObject([
      {
        operation: 'call',
        worker: 'polite',
        action: 'echo',
        decision: 'allowed',
        rule: 'apply',
        principal: 'user:ann',
        run: 'run_1',
      },
      { operation: 'call', decision: 'allowed', outcome: 'succeeded' },
    ]);
  });

  test('[WRK-64] an input that does not fit is refused with every fault, and nothing is started', async () => {
    const { outcome } = await perform(newGate(), 'polite/echo', { text: 5, other: 1 });
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'invalid_input', details: { faults: [{ pointer: '/text' }, { pointer: '/other' }] } },
    });
    expect(await audited()).toMatchObject([{ decision: 'denied', rule: 'invalid_input' }]);
  });

  test('[WRK-58] an output that the manifest does not promise is a failure', async () => {
    const { outcome } = await perform(newGate(), 'polite/wrong');
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'invalid_output', message: /promised/ } });
  });

  test('an action that is not there is a failure with the nearest names', async () => {
    const { outcome } = await perform(newGate(), 'polite/ecko');
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'not_found', hint: 'did you mean polite/echo?' },
    });
  });

  test('what the engine must know stands in the manifest', () => {
    const gate = newGate();
    expect(gate.describe('polite/echo')).toEqual({ repeatable: true, class: 'io' });
    expect(gate.describe('polite/write')).toMatchObject({ repeatable: false });
    expect(() => gate.describe('polite/none')).toThrow('no action');
  });
});

describeSandboxed('permissions', () => {
  test('[WRK-15] what no rule and no grant allows is asked with real values, and the answer holds as long as it says', async () => {
    const gate = newGate();
    answers = ['once', 'run'];
    for (const run of ['run_1', 'run_1', 'run_1', 'run_2'])
      await perform(gate, 'polite/secret', { name: 'TOKEN' }, { run });
    expect(questions).toMatchObject([
      { permission: 'secret:TOKEN', sentence: 'polite wants to use the secret TOKEN', run: 'run_1' },
      { permission: 'secret:TOKEN', run: 'run_1' },
      { permission: 'secret:TOKEN', run: 'run_2' },
    ]);
    expect(
      (await audited()).filter(({ operation }) => operation === 'ask').map(({ outcome }) => outcome),
    ).toEqual(['once', 'run', 'nobody to ask']);
  });

  test('[WRK-16] where there is nobody to ask it is refused with what was tried, which rule, and how to fix it', async () => {
    const { outcome } = await perform(newGate(), 'polite/secret', { name: 'TOKEN' });
    expect(outcome).toMatchObject({
      ok: false,
      failure: {
        code: 'denied',
        hint: 'cadre grant add polite secret:TOKEN',
        details: {
          tried: 'polite wants to use the secret TOKEN',
          rule: expect.stringContaining('nobody to ask'),
          howToFix: 'cadre grant add polite secret:TOKEN',
        },
      },
    });
    expect(await audited()).toContainEqual(
      expect.objectContaining({
        operation: 'secret',
        permission: 'secret:TOKEN',
        target: 'TOKEN',
        decision: 'denied',
      }),
    );
  });

  test('[WRK-16] an answer for the workspace is a stored grant, which a changed manifest and another person do not share', async () => {
    const gate = newGate();
    answers = ['workspace'];
    expect((await perform(gate, 'polite/secret', { name: 'TOKEN' })).outcome.ok).toBe(true);
    expect((await perform(gate, 'polite/secret', { name: 'TOKEN' }, { run: 'run_9' })).outcome.ok).toBe(true);
    expect(questions).toHaveLength(1);
    const [grant] = await store.grants.list(0);
    expect(grant).toMatchObject({
      principal: 'user:ann',
      worker: 'polite',
      permission: 'secret:TOKEN',
      decision: 'allow',
    });
    expect(grant).not.toHaveProperty('run');
    expect(
      (await perform(gate, 'polite/secret', { name: 'TOKEN' }, { principal: 'user:bob' })).outcome.ok,
    ).toBe(false);

    const manifest = join(fixture.workers, 'polite/worker.yaml');
    await writeFile(manifest, `${await readFile(manifest, 'utf8')}\ntags: [changed]\n`);
    const changed = openRunner({ builtInFolder: fixture.workers, workspace: fixture.workspace, sandbox });
    expect((await perform(newGate({ runner: changed }), 'polite/secret', { name: 'TOKEN' })).outcome.ok).toBe(
      false,
    );
    expect(questions).toHaveLength(3);
    await changed.close();
  });

  test('[WRK-16] revoking a grant takes effect on the next call', async () => {
    const gate = newGate();
    answers = ['workspace'];
    await perform(gate, 'polite/secret', { name: 'TOKEN' });
    const [grant] = await store.grants.list(0);
    await store.grants.revoke(grant?.id ?? '');
    expect((await perform(gate, 'polite/secret', { name: 'TOKEN' })).outcome).toMatchObject({
      failure: { code: 'denied' },
    });
  });

  test('a no holds for the run, and names the way back', async () => {
    const gate = newGate();
    answers = ['deny', 'workspace'];
    await perform(gate, 'polite/secret', { name: 'TOKEN' });
    const { outcome } = await perform(gate, 'polite/secret', { name: 'TOKEN' });
    expect(questions).toHaveLength(1);
    expect(outcome).toMatchObject({
      failure: { code: 'denied', hint: expect.stringMatching(/^cadre grant revoke grant_/) },
    });
    await gate.endRun('run_1');
    expect((await perform(gate, 'polite/secret', { name: 'TOKEN' }, { run: 'run_2' })).outcome.ok).toBe(true);
  });

  test('[WRK-17] workflow and step narrow what the manifest asks for, and nothing widens it', async () => {
    const gate = newGate({
      policy: { allow: ['secret:*', 'shell:*', 'net:*'], ask: [], deny: [], sandbox: 'warn' },
    });
    const narrowed = await perform(
      gate,
      'polite/secret',
      { name: 'TOKEN' },
      { permissionSets: [['fs:write:.']] },
    );
    expect(narrowed.outcome).toMatchObject({
      failure: { code: 'denied', details: { rule: expect.stringContaining('workflow') } },
    });
    const beyond = await perform(gate, 'polite/secret', { name: 'OTHER' });
    expect(beyond.outcome).toMatchObject({
      failure: { code: 'denied', hint: expect.stringContaining('worker.yaml') },
    });
    await put('a.txt', 'a');
    const reading = { permissionSets: [['fs:read:.']] };
    expect((await perform(gate, 'polite/read', { path: 'a.txt' }, reading)).outcome).toEqual({
      ok: true,
      output: { text: 'a' },
    });
    expect((await perform(gate, 'polite/write', { files: { 'a.txt': 'b' } }, reading)).outcome).toMatchObject(
      {
        ok: false,
        failure: { details: { systemCode: 'EROFS' } },
      },
    );
    expect(await read('a.txt')).toBe('a');
  });

  test('[WRK-17] a set that names something unknown is refused', async () => {
    const { outcome } = await perform(
      newGate(),
      'polite/echo',
      { text: 'x' },
      { permissionSets: [['fs:raed:.']] },
    );
    expect(outcome).toMatchObject({ failure: { code: 'invalid_workflow', hint: 'did you mean "fs:read"?' } });
  });

  test('what the policy denies is denied whoever answers, down to parts of what is allowed', async () => {
    const policy = {
      allow: [],
      ask: [],
      deny: ['secret:TOKEN', 'fs:read:.env', 'fs:write:fixed', 'shell:sh'],
      sandbox: 'warn',
    } as const;
    const gate = newGate({ policy });
    answers = ['workspace', 'workspace'];
    await put('.env', 'PASSWORD=1');
    await mkdir(join(fixture.workspace, 'fixed'));
    expect((await perform(gate, 'polite/secret', { name: 'TOKEN' })).outcome).toMatchObject({
      failure: { code: 'denied', hint: expect.stringContaining('policy.deny secret:TOKEN') },
    });
    expect((await perform(gate, 'polite/read', { path: '.env' })).outcome).not.toMatchObject({
      output: { text: 'PASSWORD=1' },
    });
    expect((await perform(gate, 'polite/write', { files: { 'fixed/x': 'y' } })).outcome.ok).toBe(false);
    expect((await perform(gate, 'polite/run', { program: 'sh', arguments: [] })).outcome).toMatchObject({
      failure: { code: 'denied' },
    });
    expect(questions).toEqual([]);
  });

  test('a faulty policy is refused when the gate is made', () => {
    expect(() => newGate({ policy: { allow: ['nett:*'], ask: [], deny: [], sandbox: 'warn' } })).toThrow(
      'policy.allow',
    );
  });

  test('[WRK-18] each program that a worker runs is decided and recorded', async () => {
    const { outcome } = await perform(newGate(), 'polite/run', {
      program: 'sh',
      arguments: ['-c', 'echo hi'],
    });
    expect(outcome).toMatchObject({ ok: true, output: { stdout: 'hi\n', code: 0 } });
    expect(await audited()).toContainEqual(
      expect.objectContaining({
        operation: 'exec',
        permission: 'shell:sh',
        target: expect.stringMatching(/\/sh -c echo hi$/),
        decision: 'allowed',
        rule: 'policy.allow shell:*',
      }),
    );
  });

  test('[WRK-14] only granted variables of the environment are handed on', async () => {
    answers = ['once'];
    const { outcome } = await perform(newGate(), 'polite/environment', {}, { env: { OF_STEP: 'x' } });
    expect(outcome).toMatchObject({ ok: true, output: { CADRE_TEST_GIVEN: 'given', OF_STEP: 'x' } });
    expect((outcome as { output: object }).output).not.toHaveProperty('CADRE_OTHER');
    expect(questions).toMatchObject([{ permission: 'env:CADRE_TEST_*' }]);
  });

  test('[WRK-21] a folder of the workspace that is a link out of it is refused', async () => {
    await symlink('/etc', join(fixture.workspace, 'src'));
    const { outcome } = await perform(
      newGate(),
      'polite/read',
      { path: 'src/passwd' },
      { permissionSets: [['fs:read:src']] },
    );
    expect(outcome).toMatchObject({
      failure: { code: 'denied', details: { rule: expect.stringContaining('leads out of the workspace') } },
    });
  });

  test('[WRK-21] what would run outside of the sandbox later cannot be written', async () => {
    execFileSync('git', ['init', '-q'], { cwd: fixture.workspace });
    await mkdir(join(fixture.workspace, '.cadre/workers'), { recursive: true });
    const gate = newGate();
    for (const path of ['.git/hooks/pre-commit', '.git/config', '.cadre/workers/x']) {
      expect((await perform(gate, 'polite/write', { files: { [path]: 'x' } })).outcome, path).toMatchObject({
        ok: false,
      });
    }
    expect((await perform(gate, 'polite/write', { files: { '.git/description': 'x' } })).outcome.ok).toBe(
      true,
    );
  });

  test('[WRK-21] a linked worktree is worked on with the folders of git that it needs', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], {
        cwd: fixture.workspace,
        stdio: 'pipe',
      });
    git('init', '-q', '-b', 'main');
    git('commit', '-q', '--allow-empty', '-m', 'x');
    const linked = join(fixture.dataDir, '../linked');
    git('worktree', 'add', '-q', '-b', 'other', linked);
    const gate = newGate({ workspace: linked });
    const commit = [
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@example.org',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'inside',
    ];
    const { outcome } = await perform(gate, 'polite/run', { program: 'git', arguments: commit });
    expect(outcome).toMatchObject({ ok: true, output: { code: 0, stderr: '' } });
    expect(
      execFileSync('git', ['log', '-1', '--format=%s', 'other'], {
        cwd: fixture.workspace,
        encoding: 'utf8',
      }),
    ).toBe('inside\n');
  });
});

describeSandboxed('a workspace of somebody else', () => {
  const OWNER = 54_321;

  test.runIf(process.getuid?.() === 0)(
    '[WRK-21] root becomes its owner, inside and in what is made for it',
    async () => {
      await put('a.txt', 'one');
      await chown(join(fixture.workspace, 'a.txt'), OWNER, OWNER);
      await chown(fixture.workspace, OWNER, OWNER);
      const gate = newGate();
      const whoami = {
        program: 'sh',
        arguments: ['-c', 'id -u; id -g; grep CapEff /proc/self/status; echo "$OF_STEP"'],
      };
      const { outcome } = await perform(gate, 'polite/run', whoami, { env: { OF_STEP: "it's\nhere" } });
      expect(outcome).toMatchObject({
        output: { stdout: `${OWNER}\n${OWNER}\nCapEff:\t0000000000000000\nit's\nhere\n`, stderr: '' },
      });
      expect((await perform(gate, 'polite/write', { files: { 'a.txt': 'two', new: 'x' } })).outcome.ok).toBe(
        true,
      );
      expect((await stat(join(fixture.workspace, 'new'))).uid).toBe(OWNER);
      const planned = await perform(gate, 'polite/write', { files: { 'a.txt': 'three' } }, plan);
      expect(paths(planned.effects)).toEqual(['a.txt']);
      expect(await read('a.txt')).toBe('two');
    },
  );
});

describeSandboxed('secrets', () => {
  test('[WRK-22] a marker in the input becomes the value at the edge, and the value leaves nowhere', async () => {
    answers = ['run'];
    const { outcome } = await perform(newGate(), 'polite/given', { password: { $secret: 'TOKEN' } });
    expect(outcome).toEqual({ ok: true, output: { length: TOKEN.length, password: '***' } });
  });

  test('[WRK-22] is masked in outputs, effects, log lines and the record, in every form', async () => {
    answers = ['run'];
    const performed = await perform(newGate(), 'polite/secret', { name: 'TOKEN' });
    const everything = JSON.stringify([performed, logs, await audited()]);
    expect(performed.outcome).toEqual({ ok: true, output: { value: '***', url: '***' } });
    expect(performed.effects).toEqual([{ kind: 'command', command: 'login ***', purpose: 'test' }]);
    expect(logs.some((line) => line.startsWith('it is ***'))).toBe(true);
    for (const form of [TOKEN, encodeURIComponent(TOKEN), Buffer.from(`user:${TOKEN}`).toString('base64')]) {
      expect(everything).not.toContain(form);
    }
  });

  test('a value that does not fit the schema is refused, without being told', async () => {
    answers = ['run'];
    const gate = newGate({ secrets: { find: async () => 'short' } });
    const { outcome } = await perform(gate, 'polite/given', { password: { $secret: 'TOKEN' } });
    expect(outcome).toMatchObject({
      failure: { code: 'invalid_input', details: { faults: [{ pointer: '/password' }] } },
    });
    expect(JSON.stringify(outcome)).not.toContain('short"');
  });

  test('one that is not granted or not there is refused by its name', async () => {
    expect(
      (await perform(newGate(), 'polite/given', { password: { $secret: 'TOKEN' } })).outcome,
    ).toMatchObject({ failure: { code: 'denied' } });
    answers = ['run'];
    const empty = newGate({ secrets: { find: async () => undefined } });
    expect((await perform(empty, 'polite/given', { password: { $secret: 'TOKEN' } })).outcome).toMatchObject({
      failure: { code: 'not_found', message: /TOKEN/ },
    });
  });
});

describeSandboxed('the network', () => {
  test('[WRK-21] a private address is reached only when that very host was granted', async () => {
    const server = createServer((_, response) => response.end('from the host'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/?q=1`;
    const widely = newGate({ policy: { allow: ['net:*'], ask: [], deny: [], sandbox: 'warn' } });
    expect((await perform(widely, 'polite/fetch', { url })).outcome).toMatchObject({
      failure: { code: 'denied', message: /private network/ },
    });
    answers = ['once'];
    expect((await perform(newGate(), 'polite/fetch', { url })).outcome).toMatchObject({
      ok: true,
      output: { status: 200, body: 'from the host' },
    });
    expect(questions).toMatchObject([{ permission: `net:127.0.0.1:${port}` }]);
    server.close();
    expect(await audited()).toContainEqual(
      expect.objectContaining({
        operation: 'fetch',
        target: `127.0.0.1:${port}`,
        decision: 'allowed',
        rule: 'answer once',
      }),
    );
  });

  test('[WRK-21] a host beyond the manifest is refused without asking', async () => {
    expect((await perform(newGate(), 'polite/fetch', { url: 'https://evil.test/' })).outcome).toMatchObject({
      failure: { code: 'denied' },
    });
    expect(questions).toEqual([]);
  });
});

describeSandboxed('a plan', () => {
  test('performs on a copy, tells the difference, and leaves the workspace as it was', async () => {
    await put('a.txt', 'one\n');
    const gate = newGate();
    const { outcome, effects } = await perform(
      gate,
      'polite/write',
      { files: { 'a.txt': 'two\n', 'b/c.txt': 'x' } },
      plan,
    );
    expect(outcome.ok).toBe(true);
    expect(effects).toMatchObject([
      { kind: 'file', change: 'modified', path: 'a.txt', diff: expect.stringContaining('-one\n+two') },
      { kind: 'file', change: 'created', path: 'b/c.txt' },
    ]);
    expect(await read('a.txt')).toBe('one\n');
    expect(await readdir(fixture.workspace)).toEqual(['a.txt']);
  });

  test('a later step sees what an earlier one would have done, also when both are of one worker', async () => {
    const gate = newGate();
    await perform(gate, 'polite/write', { files: { 'a.txt': 'planned' } }, plan);
    const { effects } = await perform(
      gate,
      'polite/run',
      { program: 'sh', arguments: ['-c', 'cat a.txt > b.txt; cat b.txt'] },
      plan,
    );
    expect(effects).toMatchObject([{ path: 'b.txt', diff: expect.stringContaining('+planned') }]);
  });

  test('what an action reports itself is not told twice', async () => {
    await put('a.txt', 'one');
    const { effects } = await perform(
      newGate(),
      'polite/write',
      { files: { 'a.txt': 'two' }, report: true },
      plan,
    );
    expect(effects).toEqual([{ kind: 'file', change: 'modified', path: 'a.txt' }]);
  });

  test('an action that reports can write nothing', async () => {
    const { outcome, effects } = await perform(newGate(), 'polite/report', {}, plan);
    expect(outcome).toEqual({ ok: true, output: { mode: 'preview', written: false } });
    expect(paths(effects)).toEqual(['reported.txt']);
    expect(await readdir(fixture.workspace)).toEqual([]);
  });

  test('an action that nobody can preview is not performed', async () => {
    const { outcome, effects } = await perform(newGate(), 'polite/unknown', {}, plan);
    expect(outcome).toEqual({ ok: true, output: null });
    expect(effects).toEqual([
      { kind: 'command', command: 'polite/unknown', purpose: 'effects unknown until it runs' },
    ]);
  });

  test('an action that only reads is performed, on the workspace as it is', async () => {
    await put('a.txt', 'one');
    expect((await perform(newGate(), 'polite/read', { path: 'a.txt' }, plan)).outcome).toEqual({
      ok: true,
      output: { text: 'one' },
    });
  });

  test('asks for no secret and uses no network', async () => {
    const gate = newGate({ policy: { allow: ['net:*', 'secret:*'], ask: [], deny: [], sandbox: 'warn' } });
    expect(
      (await perform(gate, 'polite/given', { password: { $secret: 'TOKEN' } }, plan)).outcome,
    ).toMatchObject({ ok: true, output: { password: 'secret:TOKEN' } });
    expect((await perform(gate, 'polite/fetch', { url: 'http://127.0.0.1:1/' }, plan)).outcome).toMatchObject(
      { failure: { code: 'denied', message: /plan/ } },
    );
    expect((await perform(gate, 'polite/secret', { name: 'TOKEN' }, plan)).outcome).toMatchObject({
      failure: { code: 'denied' },
    });
    expect(questions).toEqual([]);
  });

  test('what is hidden in the workspace is hidden in its copy', async () => {
    await put('.env', 'PASSWORD=1');
    const gate = newGate({ policy: { allow: [], ask: [], deny: ['fs:read:.env'], sandbox: 'warn' } });
    const { outcome } = await perform(
      gate,
      'polite/run',
      { program: 'sh', arguments: ['-c', 'cat .env'] },
      plan,
    );
    expect(outcome).toMatchObject({ ok: true, output: { stdout: '' } });
  });

  test('the copy is removed when the run is over', async () => {
    const gate = newGate();
    await perform(gate, 'polite/write', { files: { x: 'y' } }, plan);
    expect(await readdir(join(fixture.dataDir, 'scratch'))).toHaveLength(1);
    await gate.endRun('run_1');
    expect(await readdir(join(fixture.dataDir, 'scratch'))).toEqual([]);
  });
});

describe('where the sandbox is weak', () => {
  const weak = async (): Promise<SandboxReport> => ({
    level: 'advisory',
    mechanism: 'none',
    missing: ['nothing is enforced'],
    hint: 'install it',
  });

  test('[WRK-20] it is said once, or refused where the policy requires more', async () => {
    const gate = newGate({ sandboxReport: weak });
    await perform(gate, 'polite/echo', { text: 'x' });
    await perform(gate, 'polite/echo', { text: 'x' });
    expect(logs.filter((line) => line.includes('nothing is enforced'))).toHaveLength(1);
    const strict = newGate({
      sandboxReport: weak,
      policy: { allow: [], ask: [], deny: [], sandbox: 'require' },
    });
    expect((await perform(strict, 'polite/echo', { text: 'x' })).outcome).toMatchObject({
      failure: { code: 'no_sandbox', hint: /install it/ },
    });
  });

  test('[WRK-20] a worker that did not come with Cadre is not run in the open', async () => {
    const own = join(fixture.workspace, '.cadre/workers/polite');
    await buildWorker('polite', own);
    await rm(join(fixture.workers, 'polite'), { recursive: true });
    const foreign = openRunner({ builtInFolder: fixture.workers, workspace: fixture.workspace, sandbox });
    const gate = newGate({ runner: foreign, sandboxReport: weak });
    expect((await perform(gate, 'polite/echo', { text: 'x' })).outcome).toMatchObject({
      failure: { code: 'no_sandbox' },
    });
    await foreign.close();
  });

  test('a worker that did not come with Cadre is asked for everything', async () => {
    const own = join(fixture.workspace, '.cadre/workers/polite');
    await buildWorker('polite', own);
    await rm(join(fixture.workers, 'polite'), { recursive: true });
    const foreign = openRunner({ builtInFolder: fixture.workers, workspace: fixture.workspace, sandbox });
    const gate = newGate({ runner: foreign, sandboxReport: async () => ENFORCED });
    expect((await perform(gate, 'polite/read', { path: 'a' })).outcome).toMatchObject({
      failure: { code: 'denied' },
    });
    expect(questions).toMatchObject([
      { permission: 'fs:read:.', sentence: 'polite wants to read files in the workspace' },
    ]);
    await foreign.close();
  });
});

beforeAll(() => {
  // Git must not find settings of whoever runs the tests.
  process.env['GIT_CONFIG_GLOBAL'] = '/dev/null';
});
