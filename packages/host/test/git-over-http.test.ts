import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gitHttpServer } from '../../workers/src/testing/git-http-server.ts';
import { DIST } from '../src/installation.ts';
import type { ActionRunner } from '../src/ports/action-runner.ts';
import { besideRunner } from '../src/testing/beside-runner.ts';
import { openRunner } from '../src/workers/open-runner.ts';
import { type GateFixture, gateFixture, TOKEN } from './gate-fixture.ts';
import { describeSandboxed } from './sandboxed.ts';

let fixture: GateFixture;
let runner: ActionRunner;
beforeEach(async () => {
  fixture = await gateFixture();
  const { workspace, sandbox } = fixture;
  runner = openRunner({ ...besideRunner(), builtInFolder: join(DIST, 'workers'), workspace, sandbox });
});
afterEach(async () => {
  await runner.close();
  await fixture.remove();
});

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', args, { cwd, encoding: 'utf8', stdio: 'pipe' }).trimEnd();

/** A repository in the workspace whose only remote wants TOKEN. */
async function withRemote() {
  const { workspace, dataDir } = fixture;
  const root = join(dataDir, '..', 'served');
  mkdirSync(root);
  git(root, 'init', '-q', '--bare', '--initial-branch=work', 'shop.git');
  git(join(root, 'shop.git'), 'config', 'http.receivepack', 'true');
  const { origin, asked } = await gitHttpServer(root, TOKEN);
  git(workspace, 'init', '-q', '--initial-branch=work');
  git(
    workspace,
    '-c',
    'user.name=T',
    '-c',
    'user.email=t@e.org',
    'commit',
    '-q',
    '--allow-empty',
    '-m',
    'one',
  );
  git(workspace, 'remote', 'add', 'origin', `${origin}/shop.git`);
  const push = (...allow: string[]) =>
    fixture.perform(
      fixture.newGate({ runner, policy: { allow, ask: [], deny: [], sandbox: 'warn' } }),
      'git/push',
      { auth: { secret: 'TOKEN' } },
    );
  return { push, asked, place: new URL(origin).host, remote: join(root, 'shop.git') };
}

describeSandboxed('git over http', () => {
  test('[WRK-65] a push signs in with a secret that is in no outcome, log, record or environment', async () => {
    const { push, asked, place, remote } = await withRemote();
    const hook =
      '#!/bin/sh\n{ env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; cat .git/config; } >seen 2>/dev/null || true\n';
    writeFileSync(join(fixture.workspace, '.git/hooks/pre-push'), hook, { mode: 0o755 });
    const { outcome, effects } = await push(`net:${place}`, 'secret:TOKEN');
    expect(outcome).toMatchObject({ ok: true, output: { pushed: true } });
    expect(git(remote, 'rev-parse', 'work')).toBe(git(fixture.workspace, 'rev-parse', 'HEAD'));
    const encoded = Buffer.from(`git:${TOKEN}`).toString('base64');
    expect(asked).toContain(`Basic ${encoded}`);
    const seen = readFileSync(join(fixture.workspace, 'seen'), 'utf8');
    expect(seen).toContain('git-remote-http');
    const told = seen + JSON.stringify([outcome, effects, fixture.logs, await fixture.audited()]);
    for (const form of [TOKEN, encoded, encodeURIComponent(TOKEN)]) expect(told).not.toContain(form);
  });

  test('[WRK-14] without a grant for the host or the secret the failure is the command that gives it', async () => {
    const { push, asked, place } = await withRemote();
    const failing = async (...allow: string[]) => (await push(...allow)).outcome;
    expect(await failing('secret:TOKEN')).toMatchObject({
      failure: { code: 'denied', hint: `cadre grant add git net:${place}` },
    });
    expect(await failing(`net:${place}`)).toMatchObject({
      failure: { code: 'denied', hint: 'cadre grant add git secret:TOKEN' },
    });
    expect(asked).toEqual([]);
  });
});
