import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type TemporaryRepository, temporaryRepository } from '../../testing/temporary-repository.ts';
import { localHooks, runHooksIn, stagedContent, standardHooks } from '../testing.ts';
import { hashOf } from './journal.ts';

const CONFIG = '.pre-commit-config.yaml';
const FILES = Array.from({ length: 40 }, (_, number) => `folder/file ${number}.txt`);

function manyFaults(): TemporaryRepository {
  const repository = temporaryRepository({ [CONFIG]: standardHooks('trailing-whitespace') });
  for (const path of FILES) repository.write(path, 'blank  \nmiddle\nend\n');
  repository.git('add', '--all');
  for (const path of FILES) repository.write(path, 'blank  \nmiddle\nend, edited\n');
  return repository;
}

/** Everything that a person would see: the index and each file, and no stray file. */
function state(repository: TemporaryRepository) {
  return {
    index: repository.git('ls-files', '--stage'),
    files: FILES.map((path) => readFileSync(join(repository.path, path), 'utf8')).join('|'),
    others: repository
      .git('status', '--porcelain', '--untracked-files=all')
      .replace(/^[AM ]+[^?]*$/gm, '')
      .trim(),
  };
}

const CHILD = `
  import { runAction } from ${JSON.stringify(new URL('../../../../sdk/src/testing.ts', import.meta.url).href)};
  import { worker } from ${JSON.stringify(new URL('../worker.ts', import.meta.url).href)};
  console.log('loaded');
  const [workspace] = process.argv.slice(1);
  await runAction(worker, 'run', {}, { workspace });
  console.log('done');`;

/** Runs the hooks in a process of their own, which may be killed so long after it began with them. */
async function runInChild(repository: TemporaryRepository, killAfterMs?: number) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, repository.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  let begunAt = 0;
  child.stdout.on('data', (chunk) => {
    if (printed === '') begunAt = performance.now();
    if (printed === '' && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    printed += chunk;
  });
  await once(child, 'close');
  return { ended: printed.includes('done'), tookMs: performance.now() - begunAt };
}

test('killed at any moment, index and files are as before or all updated, and nothing strays [HYG-42]', {
  timeout: 900_000,
}, async () => {
  const whole = manyFaults();
  const usual = await runInChild(whole);
  expect(usual.ended).toBe(true);
  const after = state(whole);
  expect(after.files).not.toContain('blank  ');
  let killed = 0; let asBefore = 0;
  for (let round = 0; round < 90; round++) {
    const repository = manyFaults();
    const before = state(repository);
    const { ended } = await runInChild(repository, usual.tookMs * (0.5 + (0.5 * round) / 90));
    if (!ended) killed += 1; if (state(repository).index === before.index) asBefore += 1;
    // What a killed run has begun, the next one ends before anything else; it looks at no file here.
    await runHooksIn(repository, { files: [] });
    const now = state(repository);
    const isBefore = now.index === before.index && now.files === before.files;
    const isAfter = now.index === after.index && now.files === after.files;
    expect({ round, isBefore, isAfter, others: now.others }).toEqual({
      round,
      isBefore,
      isAfter: !isBefore,
      others: '',
    });
    expect(existsSync(join(repository.path, '.git/index.lock'))).toBe(false);
    const journals = join(repository.path, '.git/cadre-hooks');
    expect(existsSync(journals) ? readdirSync(journals) : []).toEqual([]);
  }
  console.log('killed', killed, 'of 90, as before', asBefore);
});

/** A journal as a kill in the middle of the renames leaves it: so many files replaced, the lock taken, the index not. */
function interrupted(repository: TemporaryRepository, replaced: number): void {
  const folder = join(repository.path, '.git/cadre-hooks/one');
  mkdirSync(join(folder, 'files'), { recursive: true });
  const wanted = 'blank\nmiddle\nend, edited\n';
  const look = (content: string) => {
    const path = join(folder, 'probe');
    writeFileSync(path, content);
    return `100644 ${hashOf(path)}`;
  };
  const planned = FILES.map((path, number) => ({
    path,
    before: look('blank  \nmiddle\nend, edited\n'),
    after: look(wanted),
    content: String(number),
  }));
  for (const [number, path] of FILES.entries()) {
    const target = number < replaced ? join(repository.path, path) : join(folder, 'files', String(number));
    writeFileSync(target, wanted);
  }
  const indexPath = join(repository.path, '.git/index');
  const before = hashOf(indexPath);
  const env = { ...process.env, GIT_INDEX_FILE: join(folder, 'index') };
  writeFileSync(join(folder, 'index'), readFileSync(indexPath));
  execFileSync('git', ['update-index', '--force-remove', FILES[0] ?? ''], { cwd: repository.path, env });
  linkSync(join(folder, 'index'), `${indexPath}.lock`);
  writeFileSync(
    join(folder, 'plan.json'),
    JSON.stringify({ root: repository.path, indexPath, indexBefore: before, files: planned }),
  );
}

test('the next run ends what was begun, and forgets what was not', async () => {
  const begun = manyFaults();
  interrupted(begun, 7);
  await runHooksIn(begun, { files: [] });
  expect(state(begun).files).toBe(FILES.map(() => 'blank\nmiddle\nend, edited\n').join('|'));
  expect(begun.git('ls-files').split('\n')).not.toContain(FILES[0]);
  const untouched = manyFaults();
  const before = state(untouched);
  interrupted(untouched, 0);
  await runHooksIn(untouched, { files: [] });
  expect(state(untouched)).toEqual(before);
  const edited = manyFaults();
  interrupted(edited, 7);
  edited.write(FILES[20] ?? '', 'edited since\n');
  await runHooksIn(edited, { files: [] });
  expect(readFileSync(join(edited.path, FILES[20] ?? ''), 'utf8')).toBe('edited since\n');
  expect(existsSync(join(edited.path, '.git/index.lock'))).toBe(false);
});

test('a file that changes while the hooks run is left alone, and all the others with it', async () => {
  const repository = temporaryRepository({ [CONFIG]: standardHooks('trailing-whitespace') });
  repository.write('a.txt', 'a  \n');
  repository.write('b.txt', 'b  \n');
  repository.git('add', '--all');
  const before = repository.git('ls-files', '--stage');
  // The hook writes where a person would, into the real work tree.
  const editor = {
    id: 'edit',
    name: 'edit',
    language: 'system',
    pass_filenames: false,
    entry: `sh -c 'echo edited > "${repository.path}/b.txt"'`,
  };
  const both = JSON.parse(standardHooks('trailing-whitespace'));
  repository.write(
    CONFIG,
    JSON.stringify({ repos: [...both.repos, ...JSON.parse(localHooks(editor)).repos] }),
  );
  repository.git('add', CONFIG);
  const run = await runHooksIn(repository, { files: ['a.txt', 'b.txt', CONFIG] });
  expect(run.code).toBe('overlaps_unstaged');
  expect(readFileSync(join(repository.path, 'a.txt'), 'utf8')).toBe('a  \n');
  expect(readFileSync(join(repository.path, 'b.txt'), 'utf8')).toBe('edited\n');
  expect(repository.git('ls-files', '--stage', 'a.txt', 'b.txt')).toBe(
    before
      .split('\n')
      .filter((line) => line.endsWith('.txt'))
      .join('\n'),
  );
});

test('a lock that somebody else holds is waited for, told, and never taken away', {
  timeout: 60_000,
}, async () => {
  const repository = manyFaults();
  const before = state(repository);
  writeFileSync(join(repository.path, '.git/index.lock'), 'theirs');
  expect(await runHooksIn(repository)).toMatchObject({ code: 'repository_locked' });
  expect(readFileSync(join(repository.path, '.git/index.lock'), 'utf8')).toBe('theirs');
  execFileSync('rm', [join(repository.path, '.git/index.lock')]);
  expect(state(repository)).toEqual(before);
  expect(readdirSync(join(repository.path, '.git/cadre-hooks'))).toEqual([]);
});

test('a folder that cannot be written leaves every file as it was', (context) => {
  context.skip(process.getuid?.() !== 0, 'needs a second user');
  const repository = manyFaults();
  const before = state(repository);
  repository.write('writable.txt', 'x  \n');
  repository.git('add', 'writable.txt');
  execFileSync('chown', ['-R', '65534:65534', repository.path]);
  execFileSync('chown', ['-R', 'root:root', join(repository.path, 'folder')]);
  chmodSync(join(repository.path, 'folder'), 0o755);
  const script = `process.setgid(65534); process.setuid(65534); process.env.HOME = '/nonexistent';${CHILD.replace("console.log('done')", 'console.log(JSON.stringify(tried.outcome))').replace('await runAction', 'const tried = await runAction')}`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script, repository.path], {
    encoding: 'utf8',
  });
  const outcome = JSON.parse(printed.trim().split('\n').at(-1) ?? '');
  expect(outcome.ok).toBe(false);
  execFileSync('chown', ['-R', 'root:root', repository.path]);
  expect(state(repository).files).toBe(before.files);
  expect(readFileSync(join(repository.path, 'writable.txt'), 'utf8')).toBe('x  \n');
  expect(stagedContent(repository, 'writable.txt')).toBe('x  \n');
});
