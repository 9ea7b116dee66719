import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkedWorker } from '../testing/checked-worker.ts';
import { gitHttpServer } from '../testing/git-http-server.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { repositoryAt, temporaryRepository } from '../testing/temporary-repository.ts';
import { hostOf, sshPlaceOf } from './remote-address.ts';
import { worker } from './worker.ts';

const git = checkedWorker(import.meta.dirname, worker);

/** A repository on `work` and an empty bare one named `origin` that it knows. */
function withRemote() {
  const remote = repositoryAt(temporaryFolder());
  remote.git('init', '--quiet', '--bare', '--initial-branch=work');
  const local = temporaryRepository({ 'a.txt': '1\n' });
  local.git('remote', 'add', 'origin', remote.path);
  return { local, remote, at: { workspace: local.path } };
}

/** Somebody else's clone. */
function otherClone(remote: { path: string }) {
  const path = join(temporaryFolder(), 'other');
  execFileSync('git', ['clone', '--quiet', remote.path, path]);
  const other = repositoryAt(path);
  other.git('config', 'user.name', 'Other');
  other.git('config', 'user.email', 'other@example.org');
  return other;
}

test('[HYG-30] pushes to the only remote, which becomes the upstream, and then to that', async () => {
  const { local, remote, at } = withRemote();
  expect(await git.succeed('push', {}, at)).toMatchObject({
    pushed: true,
    remote: 'origin',
    remoteBranch: 'work',
    commits: 1,
  });
  expect(remote.git('rev-parse', 'work')).toBe(local.git('rev-parse', 'HEAD'));
  expect(local.git('rev-parse', '--abbrev-ref', '@{upstream}')).toBe('origin/work');

  const nothing = await git.fail('push', {}, at);
  expect(nothing).toMatchObject({ code: 'step_skipped', details: { reason: 'nothing_to_do' } });
  local.git('commit', '--quiet', '--allow-empty', '-m', 'more');
  local.git('branch', '--move', 'renamed');
  expect(await git.succeed('push', {}, at)).toMatchObject({
    branch: 'renamed',
    remoteBranch: 'work',
    commits: 1,
  });
});

test('[HYG-30] a rejected push fetches and reports, and never forces or merges', async () => {
  const { local, remote, at } = withRemote();
  await git.succeed('push', {}, at);
  const other = otherClone(remote);
  other.git('commit', '--quiet', '--allow-empty', '-m', 'theirs');
  other.git('push', '--quiet');
  local.git('commit', '--quiet', '--allow-empty', '-m', 'ours');
  const head = local.git('rev-parse', 'HEAD');

  const failure = await git.fail('push', {}, at);
  expect(failure).toMatchObject({
    code: 'push_rejected',
    details: { remote: 'origin', branch: 'work', ahead: 1, behind: 1 },
  });
  expect(remote.git('log', '-1', '--format=%s', 'work')).toBe('theirs');
  expect(local.git('log', '-1', '--format=%s', 'origin/work')).toBe('theirs');
  expect(local.git('rev-parse', 'HEAD')).toBe(head);
});

test('a push that the rules of the remote refuse is a rejection in its words', async () => {
  const { remote, at } = withRemote();
  writeFileSync(join(remote.path, 'hooks/pre-receive'), '#!/bin/sh\necho "no pushes on Friday"\nexit 1\n');
  chmodSync(join(remote.path, 'hooks/pre-receive'), 0o755);
  const failure = await git.fail('push', {}, at);
  expect(failure.code).toBe('push_rejected');
  expect(JSON.stringify(failure.details)).toContain('no pushes on Friday');
});

test('[HYG-30] a protected branch is never pushed, under neither name', async () => {
  const { local, at } = withRemote();
  const reason = async (input: object) => (await git.fail('push', input, at)).details;
  local.git('config', 'branch.work.remote', 'origin');
  local.git('config', 'branch.work.merge', 'refs/heads/main');
  expect(await reason({})).toEqual({ reason: 'protected_branch' });
  expect(await reason({ protected: ['wo*'] })).toEqual({ reason: 'protected_branch' });
});

test('without a remote, or with two and no upstream, nobody guesses', async () => {
  const { local, at } = withRemote();
  local.git('remote', 'add', 'second', '/nowhere');
  expect((await git.fail('push', {}, at)).code).toBe('not_configured');
  expect((await git.fail('push', {}, { workspace: temporaryRepository({ a: '' }).path })).code).toBe(
    'not_configured',
  );
});

test('[HYG-3] a planned push says what goes where and sends nothing', async () => {
  const { remote, at } = withRemote();
  const { effects, outcome } = await git.run('push', {}, { ...at, mode: 'preview' });
  expect(effects).toEqual([
    { kind: 'network', host: 'local', purpose: 'push 1 commits of work to origin/work' },
  ]);
  expect(outcome).toMatchObject({ ok: true, output: { pushed: false } });
  expect(remote.git('branch', '--list')).toBe('');
});

test('[WRK-65] a pull only moves forward unless a rebase is asked for', async () => {
  const { local, remote, at } = withRemote();
  await git.succeed('push', {}, at);
  const other = otherClone(remote);
  other.write('b.txt', 'theirs\n');
  other.git('add', '--all');
  other.git('commit', '--quiet', '-m', 'theirs');
  other.git('push', '--quiet');
  expect(await git.succeed('pull', {}, at)).toMatchObject({
    status: 'done',
    head: other.git('rev-parse', 'HEAD'),
  });

  other.write('b.txt', 'theirs again\n');
  other.git('commit', '--quiet', '--all', '-m', 'again');
  other.git('push', '--quiet');
  local.write('b.txt', 'ours\n');
  local.git('commit', '--quiet', '--all', '-m', 'ours');
  expect((await git.fail('pull', {}, at)).code).toBe('conflict');
  expect(await git.succeed('pull', { rebase: true }, at)).toMatchObject({
    status: 'conflicts',
    conflicts: [{ file: 'b.txt' }],
  });
});

test('[WRK-65] clone and push authenticate with a secret that is in no argument, address, file or message', async () => {
  const root = temporaryFolder();
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=work', join(root, 'shop.git')]);
  execFileSync('git', ['-C', join(root, 'shop.git'), 'config', 'http.receivepack', 'true']);
  const { local } = withRemote();
  local.git('push', '--quiet', join(root, 'shop.git'), 'work');
  const { origin, asked } = await gitHttpServer(root, 't0ken');
  const workspace = temporaryFolder();
  const options = { workspace, secrets: { forge: 't0ken' } };
  const url = `${origin}/shop.git`;
  const auth = { secret: 'forge' };

  const refused = await git.fail('clone', { url, to: 'shop' }, options);
  expect(refused.code).toBe('clone_failed');
  const cloned = await git.run('clone', { url, to: 'shop', auth }, options);
  expect(cloned.outcome).toMatchObject({ ok: true, output: { dir: 'shop', branch: 'work' } });

  const clone = repositoryAt(join(workspace, 'shop'));
  clone.git(
    '-c',
    'user.name=T',
    '-c',
    'user.email=t@example.org',
    'commit',
    '--quiet',
    '--allow-empty',
    '-m',
    'more',
  );
  const denied = await git.fail('push', { path: 'shop' }, options);
  expect(denied).toMatchObject({
    code: 'push_failed',
    hint: expect.stringContaining('auth.secret') as string,
  });
  const pushed = await git.run('push', { path: 'shop', auth }, options);
  expect(pushed.outcome.ok).toBe(true);
  expect(asked).toContain(`Basic ${Buffer.from('git:t0ken').toString('base64')}`);
  const told =
    JSON.stringify([cloned, pushed, denied]) + readFileSync(join(workspace, 'shop/.git/config'), 'utf8');
  expect(told).not.toContain('t0ken');
  expect(told).not.toContain(Buffer.from('git:t0ken').toString('base64'));
});

test('[WRK-65] neither a hook nor a helper of the repository gets to know the secret', async () => {
  const root = temporaryFolder();
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=work', join(root, 'shop.git')]);
  execFileSync('git', ['-C', join(root, 'shop.git'), 'config', 'http.receivepack', 'true']);
  const { origin } = await gitHttpServer(root, 't0ken');
  const { local, at } = withRemote();
  local.git('remote', 'set-url', 'origin', `${origin}/shop.git`);
  const seen = join(local.path, 'seen');
  const helper = `!tee -a ${seen}; :`;
  local.git('config', 'credential.helper', helper);
  for (const place of [origin, `${origin}/shop.git`])
    local.git('config', `credential.${place}.helper`, helper);
  local.git('config', `http.${origin}/.sslVerify`, 'false');
  const { host } = new URL(origin);
  const verify = `git config --get-urlmatch http.sslVerify ${origin}/shop.git`;
  local.write(
    '.git/hooks/pre-push',
    `#!/bin/sh\n{ env; ${verify}; printf 'protocol=http\\nhost=${host}\\n\\n' | git credential fill; echo over; } >>${seen} 2>&1 || true\n`,
  );
  chmodSync(join(local.path, '.git/hooks/pre-push'), 0o755);

  const pushed = await git.run('push', { auth: { secret: 'forge' } }, { ...at, secrets: { forge: 't0ken' } });
  expect(pushed.outcome).toMatchObject({ ok: true, output: { pushed: true } });
  const told = readFileSync(seen, 'utf8');
  expect(told).toMatch(/^true$[\s\S]*^over$/m);
  expect(told).not.toContain('t0ken');
  expect(told).not.toContain(Buffer.from('git:t0ken').toString('base64'));
});

test('[WRK-65] the secret of one host is not given to another', async () => {
  const asked: string[] = [];
  const other = createServer((request, response) => {
    asked.push(request.headers.authorization ?? 'nothing');
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const first = createServer((request, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:${port}${request.url}` }).end();
  });
  await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void first.close());
  const url = `http://127.0.0.1:${(first.address() as AddressInfo).port}/shop.git`;
  const options = { workspace: temporaryFolder(), secrets: { forge: 't0ken' } };
  const failure = await git.fail('clone', { url, to: 'shop', auth: { secret: 'forge' } }, options);
  expect(failure.code).toBe('clone_failed');
  expect(asked).toEqual(['nothing']);
});

test('[WRK-65] addresses that run programs or hold a password are refused', async () => {
  const workspace = temporaryFolder();
  const proof = join(workspace, 'ran');
  for (const url of [`ext::touch ${proof}`, 'https://me:pass@example.org/x.git', '--upload-pack=touch ran']) {
    expect((await git.fail('clone', { url, to: 'x' }, { workspace })).code, url).toBe('invalid_input');
  }
  const { local, at } = withRemote();
  local.git('remote', 'set-url', 'origin', `ext::touch ${proof}`);
  expect((await git.fail('push', {}, at)).code).toBe('invalid_input');
  expect(existsSync(proof)).toBe(false);
});

test('a clone brings no hooks along, respects depth, and needs a new or empty folder', async () => {
  const { local, at } = withRemote();
  local.git('commit', '--quiet', '--allow-empty', '-m', 'second');
  local.write('full/x', '');
  const url = `file://${local.path}`;
  expect(await git.succeed('clone', { url, to: 'copy', depth: 1 }, at)).toMatchObject({ branch: 'work' });
  expect(repositoryAt(join(local.path, 'copy')).git('rev-list', '--count', 'HEAD')).toBe('1');
  expect(existsSync(join(local.path, 'copy/.git/hooks'))).toBe(false);
  expect((await git.fail('clone', { url, to: 'full' }, at)).code).toBe('exists');
  expect((await git.fail('clone', { url: '/no/such/place', to: 'y' }, at)).code).toBe('clone_failed');
});

test('the host of a remote is found in all of its spellings', () => {
  const hosts = [
    'https://u@git.example.org:8443/x',
    'ssh://git@h.example.org/x',
    'git@h.example.org:a/b.git',
    '/srv/x',
    './a:b',
  ];
  expect(hosts.map(hostOf)).toEqual([
    'git.example.org:8443',
    'h.example.org',
    'h.example.org',
    'local',
    'local',
  ]);
});

test('what is reached by ssh is told from what is not', () => {
  const places = {
    'git@h.example.org:a/b.git': { user: 'git', host: 'h.example.org' },
    'forge:b.git': { host: 'forge' },
    '[::1]:b.git': { host: '::1' },
    'git@[h.example.org:2222]:b.git': { user: 'git', host: 'h.example.org', port: 2222 },
    'ssh://git@h.example.org:2222/b.git': { user: 'git', host: 'h.example.org', port: 2222 },
    'ssh://[::1]/b.git': { host: '::1' },
    'git+ssh://h.example.org/b.git': { host: 'h.example.org' },
    'https://h.example.org/b.git': undefined,
    'file:///srv/b.git': undefined,
    '/srv/a:b': undefined,
    './a:b': undefined,
  };
  const found = Object.keys(places).map((address) => [address, sshPlaceOf(address)]);
  expect(Object.fromEntries(found)).toEqual(places);
});
