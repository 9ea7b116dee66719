import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Change } from '@cadre/sdk';
import { expect, onTestFinished, test, vi } from 'vitest';
import { checkedWorker, manifestProblems } from '../testing/checked-worker.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import {
  repositoryAt,
  type TemporaryRepository,
  temporaryRepository,
} from '../testing/temporary-repository.ts';
import { blobId } from '../tree/blob-id.ts';
import { worker } from './worker.ts';

const git = checkedWorker(import.meta.dirname, worker);

interface Committed {
  readonly commit: string | null;
  readonly paths: string[];
  readonly findings: { file: string; message: string; rule: string }[];
}

/** Changes a file as a step of a run does, and says what such a step reports. */
function change(repository: TemporaryRepository, path: string, content: string | null): Change {
  const file = join(repository.path, path);
  const before = existsSync(file) ? blobId(readFileSync(file)) : null;
  if (content === null) rmSync(file);
  else repository.write(path, content);
  const kind = content === null ? 'deleted' : before === null ? 'created' : 'modified';
  return { path, change: kind, before };
}

function commit(repository: TemporaryRepository, input: object, options: object = {}) {
  return git.succeed<Committed>('commit', input, { workspace: repository.path, ...options });
}

async function skipReason(repository: TemporaryRepository, input: object = { scope: 'all' }) {
  const failure = await git.fail('commit', input, { workspace: repository.path });
  expect(failure.code).toBe('step_skipped');
  return (failure.details as { reason: string }).reason;
}

function committedPaths(repository: TemporaryRepository): string[] {
  return repository.git('show', '--format=', '--name-only', '-z', 'HEAD').split('\0').filter(Boolean);
}

test('[WRK-58] the manifest and the code name the same actions, and each effect has a preview', () => {
  expect(manifestProblems(git, worker)).toEqual([]);
});

test('[HYG-29] commits modified, new and deleted files of the run under any name, and nothing else', async () => {
  const names = [
    'a b.txt',
    'quote"s\'.txt',
    'line\nbreak.txt',
    '-dash.txt',
    ':(top)magic*.txt',
    'grüße/ñ.txt',
  ];
  const repository = temporaryRepository(
    Object.fromEntries([...names, 'gone.txt', 'other.txt'].map((n) => [n, 'old'])),
  );
  repository.write('other.txt', 'by hand');
  repository.write('untracked.txt', 'by hand');
  const changes = [
    ...names.map((name) => change(repository, name, 'new')),
    change(repository, 'gone.txt', null),
    change(repository, 'made.txt', 'made'),
  ];

  const done = await commit(repository, { changes });
  expect(done.paths.toSorted()).toEqual([...names, 'gone.txt', 'made.txt'].toSorted());
  expect(committedPaths(repository).toSorted()).toEqual(done.paths.toSorted());
  expect(done.commit).toBe(repository.git('rev-parse', 'HEAD'));
  expect(repository.git('status', '--porcelain')).toBe(' M other.txt\n?? untracked.txt');
});

test('[HYG-29] what somebody had edited, staged or not added before the run is left out and named', async () => {
  const repository = temporaryRepository({ 'clean.txt': '1', 'edited.txt': '1', 'staged.txt': '1' });
  repository.write('edited.txt', 'mine');
  repository.write('staged.txt', 'mine');
  repository.git('add', 'staged.txt');
  repository.write('mine.txt', 'mine');
  const paths = ['clean.txt', 'edited.txt', 'staged.txt', 'mine.txt'];
  const changes = paths.map((path) => change(repository, path, 'formatted'));

  const done = await commit(repository, { changes });
  expect(done.paths).toEqual(['clean.txt']);
  expect(done.findings.map(({ file }) => file).toSorted()).toEqual(['edited.txt', 'mine.txt', 'staged.txt']);
  expect(repository.git('show', ':staged.txt')).toBe('mine');
  expect(repository.git('status', '--porcelain')).toBe(' M edited.txt\nMM staged.txt\n?? mine.txt');
});

test('several changes of one file count from the first one', async () => {
  const repository = temporaryRepository({ 'a.txt': '1' });
  const changes = [change(repository, 'a.txt', '2'), change(repository, 'a.txt', '3')];
  expect((await commit(repository, { changes })).paths).toEqual(['a.txt']);
});

test('with every file left out nothing is committed, and the report says why', async () => {
  const repository = temporaryRepository({ 'a.txt': '1' });
  repository.write('a.txt', 'mine');
  const done = await commit(repository, { changes: [change(repository, 'a.txt', 'formatted')] });
  expect(done).toMatchObject({ commit: null, paths: [], findings: [{ file: 'a.txt' }] });
  expect(repository.git('rev-list', '--count', 'HEAD')).toBe('1');
});

test('a file whose line ends git converts is known as unchanged before the run', async () => {
  const repository = temporaryRepository({ '.gitattributes': '*.txt text eol=crlf\n', 'a.txt': 'one\r\n' });
  expect(repository.git('status', '--porcelain')).toBe('');
  const done = await commit(repository, { changes: [change(repository, 'a.txt', 'two\r\n')] });
  expect(done.paths).toEqual(['a.txt']);
});

test('a file that was changed in the same tick of the clock in which git looked at it last is seen', async () => {
  const repository = temporaryRepository({ 'a.txt': '1' });
  // Only times and size tell git that a file is unchanged; here they are all the same.
  repository.git('config', 'core.trustctime', 'false');
  const tick = (name: string) => utimesSync(join(repository.path, name), 1_750_000_000, 1_750_000_000);
  tick('a.txt');
  repository.git('update-index', '--refresh');
  tick('.git/index');
  const changes = [change(repository, 'a.txt', '2')];
  tick('a.txt');
  expect((await commit(repository, { changes })).paths).toEqual(['a.txt']);
});

test('[HYG-29] hooks of the repository run; one that refuses leaves index, head and files as they were', async () => {
  const repository = temporaryRepository({ 'a.txt': '1', 'b.txt': '1' });
  repository.write('b.txt', 'staged');
  repository.git('add', 'b.txt');
  const hook = join(repository.path, '.git/hooks/pre-commit');
  mkdirSync(dirname(hook), { recursive: true });
  writeFileSync(hook, '#!/bin/sh\ngit diff --cached --name-only >&2\necho "no tabs please" >&2\nexit 1\n');
  chmodSync(hook, 0o755);
  const changes = [change(repository, 'a.txt', '2')];
  const before = repository.git('ls-files', '--stage');

  const failure = await git.fail('commit', { changes }, { workspace: repository.path });
  expect(failure.code).toBe('commit_failed');
  // The hook saw exactly the file of the commit, not what somebody had staged.
  expect(failure.details).toMatchObject({ lines: ['a.txt', 'no tabs please'] });
  expect(repository.git('ls-files', '--stage')).toBe(before);
  expect(repository.git('rev-list', '--count', 'HEAD')).toBe('1');
  expect(readFileSync(join(repository.path, 'a.txt'), 'utf8')).toBe('2');
});

test('what a hook adds to the commit is in it and in the index', async () => {
  const repository = temporaryRepository({ 'a.txt': '1', 'src/b.js': '1' });
  const hooks = join(repository.path, '.git/hooks');
  mkdirSync(hooks, { recursive: true });
  const preCommit = '#!/bin/sh\necho fixed > src/b.js\ngit add -- "*.js"\n';
  const commitMessage = '#!/bin/sh\necho "Checked: yes" >> "$1"\n';
  writeFileSync(join(hooks, 'pre-commit'), preCommit, { mode: 0o755 });
  writeFileSync(join(hooks, 'commit-msg'), commitMessage, { mode: 0o755 });

  await commit(repository, { changes: [change(repository, 'a.txt', '2')], signoff: true });
  expect(committedPaths(repository)).toEqual(['a.txt', 'src/b.js']);
  expect(repository.git('status', '--porcelain')).toBe('');
  const body = repository.git('log', '-1', '--format=%B');
  expect(body).toContain('Checked: yes');
  expect(body).toContain('Signed-off-by: Test <test@example.org>');
});

test("[HYG-29] author and signature follow git's configuration", async () => {
  const repository = temporaryRepository({ 'a.txt': '1' });
  const signer = join(repository.path, '.git/sign.sh');
  const lines = ['cat > /dev/null', 'printf "\\n[GNUPG:] SIG_CREATED D\\n" >&2', 'echo "signed by the test"'];
  writeFileSync(signer, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
  repository.git('config', 'gpg.program', signer);
  repository.git('config', 'commit.gpgsign', 'true');
  await commit(repository, { changes: [change(repository, 'a.txt', '2')] });
  const made = repository.git('cat-file', 'commit', 'HEAD');
  expect(made).toContain('author Test <test@example.org>');
  expect(made).toContain('gpgsig signed by the test');
});

test('[HYG-29] the subject comes from the template', async () => {
  const repository = temporaryRepository({ 'a.txt': '1' });
  await commit(repository, { changes: [change(repository, 'a.txt', '2')], message: '# {files} on {date}' });
  const [subject] = repository.git('log', '-1', '--format=%s').split('\n');
  expect(subject).toMatch(/^# 1 on \d{4}-\d\d-\d\d$/);
  await commit(repository, { changes: [change(repository, 'a.txt', '3')] });
  expect(repository.git('log', '-1', '--format=%s')).toMatch(
    /^chore\(hygiene\): \d{4}-\d\d-\d\d \d\d:\d\dZ$/,
  );
});

test('[HYG-29] a protected branch, a detached head and other states are skipped with the reason', async () => {
  const repository = temporaryRepository({ 'a.txt': '1' });
  repository.write('a.txt', '2');
  repository.git('branch', '--move', 'release/1.0');
  expect(await skipReason(repository)).toBe('protected_branch');
  repository.git('checkout', '--quiet', '--detach');
  expect(await skipReason(repository)).toBe('detached_head');
  repository.git('checkout', '--quiet', '-b', 'topic');
  writeFileSync(join(repository.path, '.git/MERGE_HEAD'), `${repository.git('rev-parse', 'HEAD')}\n`);
  expect(await skipReason(repository)).toBe('unfinished_work');

  expect(await skipReason(temporaryRepository())).toBe('unborn_branch');
  const bare = repositoryAt(temporaryFolder());
  expect(await skipReason(bare)).toBe('not_a_repository');
  bare.git('init', '--quiet', '--bare');
  expect(await skipReason(bare)).toBe('not_a_repository');
});

test('protected branches can be named and allowed', async () => {
  const repository = temporaryRepository({ 'a.txt': '1' });
  const changes = [change(repository, 'a.txt', '2')];
  expect(await skipReason(repository, { changes, protected: ['wo*'] })).toBe('protected_branch');
  expect((await commit(repository, { changes, protected: ['wo*'], allowProtected: true })).paths).toEqual([
    'a.txt',
  ]);
});

test('[HYG-29] says that there is nothing to commit only when that is so', async () => {
  const repository = temporaryRepository({ '.gitignore': '*.pyc\n', 'a.txt': '1' });
  const there = change(repository, 'a.txt', '2');
  const back = change(repository, 'a.txt', '1');
  expect(await skipReason(repository, { changes: [there, back, change(repository, 'x.pyc', '')] })).toBe(
    'nothing_to_do',
  );
  expect(await skipReason(repository, { changes: [] })).toBe('nothing_to_do');

  const changes = [change(repository, 'a.txt', '2')];
  repository.git('config', 'user.useConfigOnly', 'true');
  repository.git('config', '--unset', 'user.email');
  vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect((await git.fail('commit', { changes }, { workspace: repository.path })).code).toBe('commit_failed');
});

test('an index that is locked by somebody is a clear failure that may be tried again', async () => {
  const repository = temporaryRepository({ 'a.txt': '1' });
  const changes = [change(repository, 'a.txt', '2')];
  writeFileSync(join(repository.path, '.git/index.lock'), '');
  const failure = await git.fail('commit', { changes }, { workspace: repository.path });
  expect(failure).toMatchObject({ code: 'repository_locked', retryable: true });
  rmSync(join(repository.path, '.git/index.lock'));
  expect((await commit(repository, { changes })).paths).toEqual(['a.txt']);
});

test('everything is committed when asked for, but neither nested repositories nor submodules', async () => {
  const repository = temporaryRepository({ 'a.txt': '1', 'forget.txt': '1' });
  const inner = temporaryRepository({ 'x.txt': '1' });
  repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.path, 'module');
  repository.git('commit', '--quiet', '-m', 'module');
  const module = repositoryAt(join(repository.path, 'module'));
  module.git(
    '-c',
    'user.name=T',
    '-c',
    'user.email=t@example.org',
    'commit',
    '--quiet',
    '--allow-empty',
    '-m',
    'moved',
  );
  mkdirSync(join(repository.path, 'nested'));
  repositoryAt(join(repository.path, 'nested')).git('init', '--quiet');
  repository.write('nested/y.txt', '');
  repository.write('a.txt', '2');
  repository.write('new.txt', '');
  repository.write('.gitignore', 'forget.txt\n');
  repository.git('rm', '--quiet', '--cached', 'forget.txt');

  const done = await commit(repository, { scope: 'all' });
  expect(done.paths.toSorted()).toEqual(['.gitignore', 'a.txt', 'forget.txt', 'new.txt']);
  expect(repository.git('status', '--porcelain')).toBe(' M module\n?? nested/');
  expect(repository.git('ls-tree', '--name-only', 'HEAD')).not.toContain('forget.txt');
});

test('files that a sparse check-out leaves out stay in the repository', async () => {
  const repository = temporaryRepository({ 'in/a.txt': '1', 'out/b.txt': '1' });
  repository.git('sparse-checkout', 'set', 'in');
  expect(existsSync(join(repository.path, 'out/b.txt'))).toBe(false);
  await commit(repository, { changes: [change(repository, 'in/a.txt', '2')] });
  repository.write('in/a.txt', '3');
  await commit(repository, { scope: 'all' });
  expect(repository.git('ls-tree', '-r', '--name-only', 'HEAD')).toBe('in/a.txt\nout/b.txt');
  expect(repository.git('status', '--porcelain')).toBe('');
});

test('a workspace inside a repository names its own files', async () => {
  const repository = temporaryRepository({ 'app/a.txt': '1', 'a.txt': '1' });
  repository.write('app/a.txt', '2');
  const changes = [{ path: 'a.txt', change: 'modified', before: blobId(Buffer.from('1')) }];
  const done = await git.succeed<Committed>(
    'commit',
    { changes },
    { workspace: join(repository.path, 'app') },
  );
  expect(done.paths).toEqual(['app/a.txt']);
});

test('a file in a work tree with conflicts stops the commit', async () => {
  const repository = temporaryRepository({ 'a.txt': '1', 'b.txt': '1' });
  repository.write('a.txt', 'stashed');
  repository.git('stash', '--quiet');
  repository.write('a.txt', 'other');
  repository.git('commit', '--quiet', '--all', '-m', 'other');
  expect(() => repository.git('stash', 'pop')).toThrow();
  expect(await skipReason(repository, { changes: [change(repository, 'b.txt', '2')] })).toBe(
    'unmerged_paths',
  );
});

test('an attempt that died before the index followed is ended by the next one, which answers its commit', async () => {
  const repository = temporaryRepository({ 'a.txt': '1' });
  const dataDir = temporaryFolder();
  const changes = [change(repository, 'a.txt', '2')];
  const from = repository.git('rev-parse', 'HEAD');
  const index = readFileSync(join(repository.path, '.git/index'));
  repository.git('commit', '--quiet', '--all', '-m', 'made by the attempt that died');
  writeFileSync(join(repository.path, '.git/index'), index);
  const note = { root: repository.path, from, force: false, idempotencyKey: 'key' };
  writeFileSync(join(dataDir, 'pending-commit.json'), JSON.stringify(note));
  expect(repository.git('status', '--porcelain')).toBe('MM a.txt');

  const done = await commit(repository, { changes }, { dataDir, idempotencyKey: 'key', attempt: 2 });
  expect(done).toMatchObject({ commit: repository.git('rev-parse', 'HEAD'), paths: ['a.txt'] });
  expect(repository.git('status', '--porcelain')).toBe('');
  expect(repository.git('rev-list', '--count', 'HEAD')).toBe('2');
  expect(existsSync(join(dataDir, 'pending-commit.json'))).toBe(false);
});

test('[HYG-3] a plan shows branch, message and files before and after they are changed, and commits nothing', async () => {
  const repository = temporaryRepository({
    '.gitignore': '*.log\n',
    'a.txt': '1',
    'b.txt': '1',
    'mine.txt': '1',
  });
  repository.write('mine.txt', '2');
  const before = (path: string) => blobId(readFileSync(join(repository.path, path)));
  const changes = [
    { path: 'a.txt', change: 'modified', before: before('a.txt') },
    { path: 'mine.txt', change: 'modified', before: before('mine.txt') },
    { path: 'new.txt', change: 'created', before: null },
    { path: 'new.log', change: 'created', before: null },
    { path: '__pycache__', change: 'deleted', before: null },
    change(repository, 'b.txt', '2'),
  ];
  const planned = await git.run(
    'commit',
    { changes, message: 'tidy {files}' },
    {
      workspace: repository.path,
      mode: 'preview',
    },
  );
  expect(planned.effects).toEqual([
    { kind: 'commit', branch: 'work', message: 'tidy 3', paths: ['b.txt', 'a.txt', 'new.txt'] },
  ]);
  expect(planned.outcome).toMatchObject({
    ok: true,
    output: { commit: null, findings: [{ file: 'mine.txt' }] },
  });
  expect(repository.git('rev-list', '--count', 'HEAD')).toBe('1');
});

test('a link that the run did not make is committed as a link or left out, never followed', async () => {
  const repository = temporaryRepository({ 'a.txt': '1' });
  const outside = temporaryFolder();
  writeFileSync(join(outside, 'secret'), 'secret');
  const changes = [change(repository, 'a.txt', '2')];
  rmSync(join(repository.path, 'a.txt'));
  symlinkSync(join(outside, 'secret'), join(repository.path, 'a.txt'));
  await commit(repository, { changes });
  expect(repository.git('show', 'HEAD:a.txt')).toBe(join(outside, 'secret'));
});
