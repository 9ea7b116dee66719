import { execFileSync } from 'node:child_process';
import { chown, mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture, PLAN, pathsOf } from '../../test/gate-fixture.ts';
import { describeSandboxed } from '../../test/sandboxed.ts';

// Git must not find settings of whoever runs the tests.
process.env['GIT_CONFIG_GLOBAL'] = '/dev/null';

let fixture: GateFixture;
beforeEach(async () => {
  fixture = await gateFixture();
});
afterEach(() => fixture.remove());

describeSandboxed('what a call sees of the machine', () => {
  test('what the policy denies is denied whoever answers, down to parts of what is allowed', async () => {
    const policy = {
      allow: [],
      ask: [],
      deny: ['secret:TOKEN', 'fs:read:.env', 'fs:write:fixed', 'fs:write:not/yet', 'shell:sh'],
      sandbox: 'warn',
    } as const;
    const gate = fixture.newGate({ policy });
    fixture.answers.push('workspace', 'workspace');
    await fixture.put('.env', 'PASSWORD=1');
    await mkdir(join(fixture.workspace, 'fixed'));
    await mkdir(join(fixture.workspace, 'not'));
    expect((await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' })).outcome).toMatchObject({
      failure: { code: 'denied', hint: expect.stringContaining('policy.deny secret:TOKEN') },
    });
    expect((await fixture.perform(gate, 'polite/read', { path: '.env' })).outcome).not.toMatchObject({
      output: { text: 'PASSWORD=1' },
    });
    expect(
      (await fixture.perform(gate, 'polite/run', { program: 'sh', arguments: [] })).outcome,
    ).toMatchObject({
      failure: { code: 'denied' },
    });
    for (const path of ['fixed/x', 'not/yet/x', 'not/yet']) {
      const { outcome } = await fixture.perform(gate, 'polite/write', { files: { [path]: 'y' } });
      expect(outcome.ok, path).toBe(false);
      const planned = await fixture.perform(gate, 'polite/write', { files: { [path]: 'y' } }, PLAN);
      expect(planned.outcome.ok, path).toBe(false);
    }
    await fixture.runner.close();
    expect(await readdir(join(fixture.workspace, 'not'))).toEqual([]);
    expect(fixture.questions).toEqual([]);
  });

  test('[WRK-21] a folder of the workspace that is a link out of it is refused', async () => {
    await symlink('/etc', join(fixture.workspace, 'src'));
    const { outcome } = await fixture.perform(
      fixture.newGate(),
      'polite/read',
      { path: 'src/passwd' },
      { permissionSets: [['fs:read:src']] },
    );
    expect(outcome).toMatchObject({
      failure: { code: 'denied', details: { rule: expect.stringContaining('leads out of the workspace') } },
    });
  });

  test('[WRK-21] where there are no workflows and workers yet none can be put', async () => {
    const gate = fixture.newGate();
    for (const path of ['.cadre/workflows/hygiene.yaml', '.cadre/x']) {
      const { outcome } = await fixture.perform(gate, 'polite/write', { files: { [path]: 'x' } });
      expect(outcome.ok, path).toBe(false);
    }
    expect(await readdir(join(fixture.workspace, '.cadre'))).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'what is made for that belongs to whoever the workspace belongs to',
    async () => {
      await chown(fixture.workspace, 1234, 1234);
      await fixture.perform(fixture.newGate(), 'polite/write', { files: { 'a.txt': 'x' } });
      expect((await stat(join(fixture.workspace, '.cadre'))).uid).toBe(1234);
    },
  );

  test('a plan makes nothing', async () => {
    await fixture.perform(fixture.newGate(), 'polite/write', { files: { 'a.txt': 'x' } }, PLAN);
    expect(await readdir(fixture.workspace)).not.toContain('.cadre');
  });

  test('[WRK-21] a folder of Cadre that is a link is refused: something else could be put in its place', async () => {
    await mkdir(join(fixture.workspace, 'elsewhere'));
    await symlink('elsewhere', join(fixture.workspace, '.cadre'));
    const write = (files: Record<string, string>) =>
      fixture.perform(fixture.newGate(), 'polite/write', { files });
    expect((await write({ 'a.txt': 'x' })).outcome).toMatchObject({
      failure: { code: 'denied', details: { rule: expect.stringContaining('is a link') } },
    });
    expect(
      (await fixture.perform(fixture.newGate(), 'polite/read', { path: 'elsewhere' })).outcome,
    ).not.toMatchObject({ failure: { code: 'denied' } });
  });

  test('[WRK-21] git cannot be pointed at other settings', async () => {
    execFileSync('git', ['init', '-q'], { cwd: fixture.workspace });
    const write = (path: string) =>
      fixture.perform(fixture.newGate(), 'polite/write', { files: { [path]: '../elsewhere' } });
    expect((await write('.git/commondir')).outcome).toMatchObject({
      ok: false,
      failure: { code: 'denied', message: expect.stringContaining('git would take its settings') },
    });
    expect(await readdir(join(fixture.workspace, '.git'))).not.toContain('commondir');
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({ operation: 'violation', target: expect.stringContaining('commondir') }),
    );
    expect((await write('.git/description')).outcome.ok).toBe(true);
  });

  test('[WRK-21] in a linked worktree neither what says where git lies, nor what says so there', async () => {
    const main = join(fixture.workspace, '../main');
    execFileSync('git', ['init', '-q', main]);
    const commit = ['-c', 'user.name=x', '-c', 'user.email=x@y', 'commit', '-q', '--allow-empty', '-m', 'x'];
    execFileSync('git', commit, { cwd: main });
    execFileSync('git', ['worktree', 'add', '-q', '--force', fixture.workspace], { cwd: main });
    const gate = fixture.newGate();
    const { outcome } = await fixture.perform(gate, 'polite/write', {
      files: { '.git': 'gitdir: elsewhere' },
    });
    expect(outcome.ok).toBe(false);
    expect((await fixture.perform(gate, 'polite/write', { files: { 'a.txt': 'x' } })).outcome.ok).toBe(true);
    const own = join(main, '.git/worktrees', basename(fixture.workspace));
    const pointer = relative(fixture.workspace, join(own, 'commondir'));
    expect((await fixture.perform(gate, 'polite/write', { files: { [pointer]: 'x' } })).outcome.ok).toBe(
      false,
    );
    const index = relative(fixture.workspace, join(own, 'index'));
    expect((await fixture.perform(gate, 'polite/write', { files: { [index]: 'x' } })).outcome.ok).toBe(true);
  });

  test('[WRK-21] what would run outside of the sandbox later cannot be written', async () => {
    execFileSync('git', ['init', '-q'], { cwd: fixture.workspace });
    await mkdir(join(fixture.workspace, '.cadre/workers'), { recursive: true });
    const gate = fixture.newGate();
    for (const path of ['.git/hooks/pre-commit', '.git/config', '.cadre/workers/x']) {
      expect(
        (await fixture.perform(gate, 'polite/write', { files: { [path]: 'x' } })).outcome,
        path,
      ).toMatchObject({
        ok: false,
      });
    }
    expect(
      (await fixture.perform(gate, 'polite/write', { files: { '.git/description': 'x' } })).outcome.ok,
    ).toBe(true);
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
    const gate = fixture.newGate({ workspace: linked });
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
    const { outcome } = await fixture.perform(gate, 'polite/run', { program: 'git', arguments: commit });
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
      await fixture.put('a.txt', 'one');
      await chown(join(fixture.workspace, 'a.txt'), OWNER, OWNER);
      await chown(fixture.workspace, OWNER, OWNER);
      const gate = fixture.newGate();
      const whoami = {
        program: 'sh',
        arguments: ['-c', 'id -u; id -g; grep CapEff /proc/self/status; echo "$OF_STEP"'],
      };
      const { outcome } = await fixture.perform(gate, 'polite/run', whoami, {
        env: { OF_STEP: "it's\nhere" },
      });
      expect(outcome).toMatchObject({
        output: { stdout: `${OWNER}\n${OWNER}\nCapEff:\t0000000000000000\nit's\nhere\n`, stderr: '' },
      });
      expect(
        (await fixture.perform(gate, 'polite/write', { files: { 'a.txt': 'two', new: 'x' } })).outcome.ok,
      ).toBe(true);
      expect((await stat(join(fixture.workspace, 'new'))).uid).toBe(OWNER);
      const planned = await fixture.perform(gate, 'polite/write', { files: { 'a.txt': 'three' } }, PLAN);
      expect(pathsOf(planned.effects)).toEqual(['a.txt']);
      expect(await fixture.read('a.txt')).toBe('two');
    },
  );
});
