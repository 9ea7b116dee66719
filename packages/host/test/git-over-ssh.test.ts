import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Failure, JsonObject, Outcome } from '@cadre/sdk';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { DIST } from '../src/installation.ts';
import type { ActionRunner } from '../src/ports/action-runner.ts';
import { besideRunner } from '../src/testing/beside-runner.ts';
import { openRunner } from '../src/workers/open-runner.ts';
import { type GateFixture, gateFixture } from './gate-fixture.ts';
import {
  describeWithSshServer,
  makeKey,
  openSshAgent,
  openSshServer,
  publicKey,
  type SshAgent,
  type SshServer,
} from './ssh-server.ts';

let fixture: GateFixture;
let runner: ActionRunner;
let server: SshServer;
let agent: SshAgent;
let outside: string;
let home: string;
let remote: string;

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', args, { cwd, encoding: 'utf8', stdio: 'pipe' }).trimEnd();

function commit(text: string): string {
  writeFileSync(join(fixture.workspace, 'a.txt'), text);
  git(fixture.workspace, 'add', '-A');
  git(fixture.workspace, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-q', '-m', text);
  return git(fixture.workspace, 'rev-parse', 'HEAD');
}

const ALLOWED = () => [`net:127.0.0.1:${server.port}`, 'secret:ssh-agent'];

async function perform(
  uses: string,
  input: JsonObject = {},
  { allow = ALLOWED(), socket = agent.socket }: { allow?: string[]; socket?: string } = {},
): Promise<Outcome<unknown>> {
  const gate = fixture.newGate({
    runner,
    policy: { allow, ask: [], deny: [], sandbox: 'warn' },
    environment: { PATH: process.env['PATH'], HOME: home, SSH_AUTH_SOCK: socket },
  });
  return (await fixture.perform(gate, uses, input)).outcome;
}

async function failing(...args: Parameters<typeof perform>): Promise<Failure> {
  const outcome = await perform(...args);
  if (outcome.ok) throw new Error(`it succeeded: ${JSON.stringify(outcome.output)}`);
  return outcome.failure;
}

describeWithSshServer('git over ssh', () => {
  beforeAll(async () => {
    outside = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-ssh-')));
    server = await openSshServer(outside);
    agent = await openSshAgent(outside);
  });
  afterAll(async () => {
    await server?.close();
    await agent?.close();
    if (outside !== undefined) rmSync(outside, { recursive: true, force: true });
  });

  beforeEach(async () => {
    fixture = await gateFixture();
    runner = openRunner({
      ...besideRunner(),
      builtInFolder: join(DIST, 'workers'),
      workspace: fixture.workspace,
      sandbox: fixture.sandbox,
    });
    home = mkdtempSync(join(outside, 'home-'));
    mkdirSync(join(home, '.ssh'), { mode: 0o700 });
    server.authorise(`${makeKey(join(home, '.ssh/id_ed25519'))}.pub`);
    agent.forget();
    agent.add(join(home, '.ssh/id_ed25519'));
    writeFileSync(
      join(home, '.ssh/known_hosts'),
      `${server.knownHost}\nother.example.org ${server.knownHost.split(' ').slice(1).join(' ')}\n`,
    );
    remote = mkdtempSync(join(outside, 'remote-'));
    git(remote, 'init', '-q', '--bare', '--initial-branch=work');
    git(fixture.workspace, 'init', '-q', '--initial-branch=work');
    git(
      fixture.workspace,
      'remote',
      'add',
      'origin',
      `ssh://${server.user}@127.0.0.1:${server.port}${remote}`,
    );
    commit('one');
  });
  afterEach(async () => {
    await runner?.close();
    await fixture?.remove();
  });

  test('[WRK-65] push, pull and clone reach a granted host with the keys of the agent', async () => {
    expect(await perform('git/push')).toMatchObject({ ok: true, output: { pushed: true } });
    expect(git(remote, 'rev-parse', 'work')).toBe(git(fixture.workspace, 'rev-parse', 'HEAD'));

    const url = `ssh://${server.user}@127.0.0.1:${server.port}${remote}`;
    expect(await perform('git/clone', { url, to: 'copy' })).toMatchObject({
      ok: true,
      output: { branch: 'work' },
    });
    expect(readFileSync(join(fixture.workspace, 'copy/a.txt'), 'utf8')).toBe('one');

    const copy = join(fixture.workspace, 'copy');
    git(
      copy,
      '-c',
      'user.name=O',
      '-c',
      'user.email=o@example.org',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'two',
    );
    git(copy, 'push', '-q', remote, 'work');
    const head = git(copy, 'rev-parse', 'HEAD');
    expect(await perform('git/pull')).toMatchObject({ ok: true, output: { status: 'done', head } });
  });

  test('[WRK-18] who was let out where, and that the agent was used, stands in the record', async () => {
    await perform('git/push');
    const recorded = (await fixture.audited()).map(({ operation, permission, decision }) => ({
      operation,
      permission,
      decision,
    }));
    for (const operation of ['ssh', 'connect']) {
      expect(recorded).toContainEqual({
        operation,
        permission: `net:127.0.0.1:${server.port}`,
        decision: 'allowed',
      });
    }
    expect(recorded).toContainEqual({
      operation: 'agent',
      permission: 'secret:ssh-agent',
      decision: 'allowed',
    });
  });

  test('[WRK-14] without grants both are named at once, and nothing is sent', async () => {
    const failure = await failing('git/push', {}, { allow: [] });
    expect(failure).toMatchObject({
      code: 'denied',
      hint: `cadre grant add git net:127.0.0.1:${server.port} && cadre grant add git secret:ssh-agent`,
    });
    expect(failure.message).toContain(
      'git wants to sign in at hosts with the keys in your ssh agent, without seeing them',
    );
    expect(git(remote, 'branch')).toBe('');
  });

  test('[WRK-14] the host alone is not enough, nor is the agent alone, nor another port', async () => {
    const [net = '', key = ''] = ALLOWED();
    expect(await failing('git/push', {}, { allow: [net] })).toMatchObject({
      code: 'denied',
      hint: 'cadre grant add git secret:ssh-agent',
    });
    for (const allow of [[key], [key, 'net:127.0.0.1:22']]) {
      expect(await failing('git/push', {}, { allow })).toMatchObject({
        code: 'denied',
        hint: `cadre grant add git ${net}`,
      });
    }
    expect(git(remote, 'branch')).toBe('');
  });

  test('a host whose key is not known is refused, with the way to get to know it', async () => {
    writeFileSync(join(home, '.ssh/known_hosts'), '');
    const failure = await failing('git/push');
    expect(failure).toMatchObject({
      code: 'host_unknown',
      hint: expect.stringContaining(`ssh -T -p ${server.port} ${server.user}@127.0.0.1`) as string,
    });
    expect(git(remote, 'branch')).toBe('');
  });

  test('a host that shows another key than the known one is refused', async () => {
    const other = publicKey(makeKey(join(home, 'other')));
    writeFileSync(join(home, '.ssh/known_hosts'), `[127.0.0.1]:${server.port} ${other}\n`);
    expect(await failing('git/push')).toMatchObject({
      code: 'push_failed',
      retryable: false,
      hint: expect.stringContaining('another key') as string,
    });
    expect(git(remote, 'branch')).toBe('');
  });

  test('without an agent, or with an empty one, the hint is the command for the key that is there', async () => {
    const key = join(home, '.ssh/id_ed25519');
    agent.forget();
    expect(await failing('git/push')).toMatchObject({ code: 'not_configured', hint: `ssh-add ${key}` });
    for (const socket of ['', join(home, 'nobody')]) {
      const failure = await failing('git/push', {}, { socket });
      expect(failure.code).toBe('not_configured');
      expect(failure.hint).toContain(`eval "$(ssh-agent -s)", then ssh-add ${key}`);
    }
  });

  test('a key that the server does not take fails with the way to the right one', async () => {
    agent.forget();
    agent.add(makeKey(join(home, 'wrong')));
    expect(await failing('git/push')).toMatchObject({
      code: 'push_failed',
      retryable: false,
      hint: expect.stringContaining('takes none of the keys in your ssh agent') as string,
    });
  });

  test('an alias of ~/.ssh/config is honoured: host, port, user and key', async () => {
    const wrong = makeKey(join(home, 'wrong'));
    agent.forget();
    // More keys than a server tries.
    for (let at = 0; at < 7; at++) agent.add(makeKey(join(home, `wrong-${at}`)));
    agent.add(join(home, '.ssh/id_ed25519'));
    writeFileSync(join(home, '.ssh/config'), `Include ${home}/more\nHost *\n  IdentityFile ${wrong}\n`);
    writeFileSync(
      join(home, 'more'),
      `Host forge\n  HostName 127.0.0.1\n  Port ${server.port}\n  User ${server.user}\n  IdentityFile ${home}/.ssh/id_ed25519\n  IdentitiesOnly yes\n`,
    );
    git(fixture.workspace, 'remote', 'set-url', 'origin', `forge:${remote}`);
    expect(await perform('git/push')).toMatchObject({ ok: true, output: { pushed: true } });
  });

  test('nothing that a configuration names is run: neither that of the person nor that of the repository', async () => {
    const ran = join(outside, 'ran');
    const touch = `sh -c 'touch ${ran} ${fixture.workspace}/ran'`;
    writeFileSync(
      join(home, '.ssh/config'),
      `Match host 127.0.0.1 exec "${touch}"\n  User nobody\nHost *\n  PermitLocalCommand yes\n  LocalCommand ${touch}\n`,
    );
    git(fixture.workspace, 'config', 'core.sshCommand', touch);
    git(fixture.workspace, 'config', 'ssh.variant', 'simple');
    expect(await perform('git/push')).toMatchObject({ ok: true, output: { pushed: true } });
    expect(() => readFileSync(ran)).toThrow('ENOENT');
    expect(() => readFileSync(join(fixture.workspace, 'ran'))).toThrow('ENOENT');

    commit('two');
    const riddle = await failing('git/push', {}, { allow: [] });
    expect(riddle.message).toContain(`${home}/.ssh/config line 1 would run a program`);
  });

  test('a configuration that goes by way of a program or another host is refused in words', async () => {
    for (const way of ['ProxyCommand touch ran', 'ProxyJump bastion.example.org']) {
      writeFileSync(join(home, '.ssh/config'), `Host 127.0.0.1\n  ${way}\n`);
      expect(await failing('git/push')).toMatchObject({
        code: 'not_configured',
        message: expect.stringContaining('by way of another program or host') as string,
      });
    }
  });

  test.each([
    '-oProxyCommand=touch ran',
    'a b',
    'x;touch${IFS}ran',
    '$(touch ran)',
  ])('the host %j of an address is refused before anybody sees it', async (host) => {
    const url = `${server.user}@${host}:x.git`;
    expect((await failing('git/clone', { url, to: 'copy' })).code).toBe('invalid_input');
  });

  /** What a hook of the repository finds, which runs in the sandbox with what the push got. */
  const seenByHook = async (script: string) => {
    writeFileSync(join(fixture.workspace, '.git/hooks/pre-push'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    commit(script.slice(0, 20));
    expect(await perform('git/push')).toMatchObject({ ok: true });
    return readFileSync(join(fixture.workspace, 'seen'), 'utf8');
  };

  test('[WRK-21] the files of keys and the socket of the agent cannot be seen from inside', async () => {
    const seen = await seenByHook(
      `{ cat ${home}/.ssh/id_ed25519 ${home}/.ssh/known_hosts; ls ${agent.socket}; env; } >seen 2>&1 || true`,
    );
    expect(seen).not.toContain('PRIVATE KEY');
    expect(seen).toContain(`${home}/.ssh/id_ed25519: No such file`);
    expect(seen).toContain(`${agent.socket}': No such file`);
    expect(seen).not.toContain('SSH_AUTH_SOCK');
    expect(seen).not.toContain('other.example.org');
  });

  test('[WRK-21] whoever has the socket inside can list keys and sign in, but neither change the agent nor sign files', async () => {
    writeFileSync(join(fixture.workspace, 'key.pub'), `${publicKey(join(home, '.ssh/id_ed25519'))}\n`);
    const seen = await seenByHook(
      [
        'config=$(echo "$GIT_SSH_COMMAND" | cut -d"\'" -f2)',
        'export SSH_AUTH_SOCK="$(dirname "$config")/agent.sock"',
        '{ ssh-add -l; ssh-add -D; echo removed=$?; ssh-add -x </dev/null; ssh-add -l; } >seen 2>&1',
        'echo text >signed; ssh-keygen -Y sign -f key.pub -n file signed >>seen 2>&1; echo "signing=$?" >>seen',
      ].join('\n'),
    );
    expect(seen.match(/ED25519/g)).toHaveLength(2);
    expect(seen).toContain('removed=1');
    expect(seen).not.toContain('signing=0');
    expect(seen).toMatch(/signing=\d/);
  });

  test('[WRK-21] without a place to reach by ssh there is no socket inside, and none can be had from the proxy', async () => {
    git(fixture.workspace, 'init', '-q', '--bare', 'near.git');
    git(fixture.workspace, 'remote', 'set-url', 'origin', join(fixture.workspace, 'near.git'));
    const ask =
      'const s = require("node:net").connect(new URL(process.env.HTTPS_PROXY).port); s.pipe(process.stdout); s.write("CONNECT ssh-agent:0 HTTP/1.1\\r\\n\\r\\n")';
    const seen = await seenByHook(
      `{ find /tmp /run -type s; env; '${process.execPath}' -e '${ask}'; } >seen 2>&1`,
    );
    expect(seen).toContain('HTTPS_PROXY=');
    expect(seen).not.toMatch(/agent\.sock|SSH_AUTH_SOCK/);
    expect(seen).toMatch(/HTTP\/1\.1 403 [\s\S]*this call has asked for no place that is reached by ssh/);
  });
});
