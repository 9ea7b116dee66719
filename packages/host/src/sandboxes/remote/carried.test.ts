import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type RemoteFixture, remoteFixture } from '../../../test/remote-fixture.ts';
import { describeSandboxed } from '../../../test/sandboxed.ts';

let fixture: RemoteFixture;

const at = (path: string) => join(fixture.workspace, path);
const put = (path: string, text: string) => {
  mkdirSync(join(at(path), '..'), { recursive: true });
  writeFileSync(at(path), text);
};
const read = (path: string) => readFileSync(at(path), 'utf8');
const stdout = async (...args: Parameters<RemoteFixture['shell']>): Promise<string> => {
  const outcome = await fixture.shell(...args);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
  return (outcome.output as { stdout: string }).stdout;
};
const failing = async (...args: Parameters<RemoteFixture['shell']>) => {
  const outcome = await fixture.shell(...args);
  if (outcome.ok) throw new Error(`it succeeded: ${JSON.stringify(outcome.output)}`);
  return outcome.failure;
};
const granted = (changes: Partial<Record<'readable' | 'writable' | 'hidden', readonly string[]>>) => ({
  call: {
    confinement: {
      readable: [],
      writable: [fixture.workspace, fixture.dataDir],
      hidden: [],
      programs: ['*'],
      hosts: [],
      ...changes,
    },
  },
});

describeSandboxed('[WRK-19] files of a worker on another machine', () => {
  beforeAll(async () => {
    fixture = await remoteFixture();
  });
  afterAll(() => fixture?.remove());
  afterEach(() => {
    for (const name of readdirSync(fixture.workspace)) rmSync(at(name), { recursive: true, force: true });
  });

  test('it reads what is here, also what changed since its last call, and what it wrote is here when the call is over', async () => {
    put('a.txt', 'one');
    expect(await fixture.perform('read', { path: 'a.txt' })).toEqual({ ok: true, output: { text: 'one' } });
    put('a.txt', 'two');
    expect(await fixture.perform('read', { path: 'a.txt' })).toEqual({ ok: true, output: { text: 'two' } });
    expect(await fixture.perform('write', { files: { 'deep/in/b.txt': 'new', 'a.txt': 'three' } })).toEqual({
      ok: true,
      output: {},
    });
    expect([read('deep/in/b.txt'), read('a.txt')]).toEqual(['new', 'three']);
    rmSync(at('deep'), { recursive: true });
    expect(await stdout('ls')).toBe('a.txt\n');
  });

  test('what it removes is gone, and what takes the place of something else does so here too', async () => {
    put('gone/deep/a.txt', 'a');
    put('file', 'was a file');
    put('folder/in.txt', 'was a folder');
    await stdout('rm -r gone; rm file; mkdir file; echo now >file/in.txt; rm -r folder; echo now >folder');
    expect(readdirSync(fixture.workspace).sort()).toEqual(['file', 'folder']);
    expect([read('file/in.txt'), read('folder')]).toEqual(['now\n', 'now\n']);
  });

  test('modes and empty folders are carried both ways, set-id bits are not', async () => {
    put('run.sh', 'echo ran');
    chmodSync(at('run.sh'), 0o755);
    mkdirSync(at('empty'));
    expect(
      await stdout('./run.sh; ls -d empty; umask 0; echo x >made; chmod 640 made; mkdir -m 750 more'),
    ).toBe('ran\nempty\n');
    expect(statSync(at('made')).mode & 0o7777).toBe(0o640);
    expect(statSync(at('more')).mode & 0o7777).toBe(0o750);
    await stdout('chmod 4755 made; chmod 600 run.sh');
    expect(statSync(at('made')).mode & 0o7777).toBe(0o755);
    expect(statSync(at('run.sh')).mode & 0o7777).toBe(0o600);
  });

  test('links stay links where they lead to what was granted; those that lead elsewhere do not travel', async () => {
    put('a.txt', 'one');
    mkdirSync(at('sub'));
    symlinkSync('../a.txt', at('sub/inside'));
    symlinkSync('/etc/hostname', at('outside'));
    expect(await stdout('ls sub; cat sub/inside; ls; ln -s ../a.txt sub/made; ln -s sub to-folder')).toBe(
      'inside\nonea.txt\nsub\n',
    );
    expect(readlinkSync(at('sub/made'))).toBe('../a.txt');
    expect(readlinkSync(at('to-folder'))).toBe('sub');
    expect(readlinkSync(at('outside'))).toBe('/etc/hostname');
    expect(lstatSync(at('sub/inside')).isSymbolicLink()).toBe(true);
  });

  test.each([
    ['a link out of what was granted', 'ln -s /etc/passwd bad', 'leads out'],
    [
      'a link that goes up from where another one leads',
      'mkdir -p x/y; ln -s / x/y/d; rm x/y/d; ln -s .. x/up; ln -s x/up/../../etc bad',
      'leads out',
    ],
    ['a pipe', 'mkfifo bad', 'a pipe or a socket'],
    ['a name that is no text', 'touch "$(printf \'bad\\377\')"', 'no text'],
  ])('%s is refused, and then nothing comes back', async (_, script, why) => {
    put('kept.txt', 'here');
    expect(await failing(`echo changed >kept.txt; ${script}`)).toMatchObject({
      code: 'not_carried',
      message: expect.stringContaining(why) as string,
    });
    expect(readdirSync(fixture.workspace)).toEqual(['kept.txt']);
    expect(read('kept.txt')).toBe('here');
    // The next call has a process that is in step again.
    expect(await stdout('cat kept.txt')).toBe('here');
  });

  test('hidden parts and what was not granted never leave this machine, and nothing can be put in their place', async () => {
    put('sub/.env', 'HUSH-HUSH-ONE');
    put('private/key', 'HUSH-HUSH-TWO');
    put('other/key', 'HUSH-HUSH-THREE');
    put('shown/a.txt', 'SEEN-THERE');
    const narrow = granted({
      readable: [at('private/..')],
      writable: [at('shown'), at('sub'), fixture.dataDir],
      hidden: [at('sub/.env'), at('private'), at('other')],
    });
    const said = await stdout(
      'cat shown/a.txt; ls private other; cat sub/.env 2>/dev/null || echo nothing; echo x 2>/dev/null >sub/.env || echo no; touch private/x 2>/dev/null || echo no',
      narrow,
    );
    expect(said).toBe('SEEN-THEREother:\n\nprivate:\nnothing\nno\nno\n');
    expect(fixture.isThere('SEEN-THERE')).toBe(true);
    expect(fixture.isThere('HUSH-HUSH')).toBe(false);
    expect(read('sub/.env')).toBe('HUSH-HUSH-ONE');
  });

  test('what was granted for reading stays as it is, inside of what may be written too', async () => {
    put('.git/config', 'ours');
    const guarded = granted({ readable: [at('.git/config')] });
    expect(await stdout('echo theirs 2>/dev/null >.git/config || echo no; echo x >.git/other', guarded)).toBe(
      'no\n',
    );
    expect([read('.git/config'), read('.git/other')]).toEqual(['ours', 'x\n']);
  });

  test('of a file that was changed on both sides the one here is kept, the call fails and names it', async () => {
    put('both.txt', 'before');
    put('only-there.txt', 'before');
    const failure = await failing('echo there >both.txt; echo there >only-there.txt', {
      request: () => {
        put('both.txt', 'here');
        return { ok: true, output: true };
      },
    });
    expect(failure).toMatchObject({
      code: 'conflict',
      retryable: true,
      details: { paths: [at('both.txt')], count: 1 },
    });
    expect([read('both.txt'), read('only-there.txt')]).toEqual(['here', 'before']);
    await stdout('cat both.txt >again.txt');
    expect(read('again.txt')).toBe('here');
  });

  test('a file that came to be on both sides is a conflict, the same content on both is none', async () => {
    const both = (here: string, there: string) =>
      fixture.shell(`printf ${there} >new.txt; chmod 644 new.txt`, {
        request: () => {
          put('new.txt', here);
          return { ok: true, output: true };
        },
      });
    expect(await both('here', 'there')).toMatchObject({ ok: false, failure: { code: 'conflict' } });
    expect(read('new.txt')).toBe('here');
    rmSync(at('new.txt'));
    expect(await both('same', 'same')).toMatchObject({ ok: true });
  });

  test('two calls at once each have copies of their own; of the same file the one that is later fails', async () => {
    const both = Promise.withResolvers<void>();
    let asking = 0;
    const request = async () => {
      // Each has its copies before the other one writes anything.
      asking += 1;
      if (asking === 2) both.resolve();
      await both.promise;
      return { ok: true, output: true } as const;
    };
    const outcomes = await Promise.all(
      ['one', 'two'].map((name) =>
        fixture.shell(`echo ${name} >same.txt; echo ${name} >${name}.txt`, { request }),
      ),
    );
    const failed = outcomes.filter((outcome) => !outcome.ok);
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({ failure: { code: 'conflict' } });
    const winner = read('same.txt').trim();
    expect(readdirSync(fixture.workspace).sort()).toEqual([`${winner}.txt`, 'same.txt'].sort());
  });

  test('a large file and many files come whole, there and back', async () => {
    const large = randomBytes(20 * 1024 ** 2 + 17);
    writeFileSync(at('large'), large);
    for (let number = 0; number < 1_500; number++) put(`many/${number % 40}/${number}`, `content ${number}`);
    await stdout('cp large copy; cp -r many more; cat many/3/3 >>large');
    expect(readFileSync(at('copy')).equals(large)).toBe(true);
    expect(readFileSync(at('large')).equals(Buffer.concat([large, Buffer.from('content 3')]))).toBe(true);
    expect(execFileSync('diff', ['-r', at('many'), at('more')], { encoding: 'utf8' })).toBe('');
  });

  test('more than may be carried is a failure that says so, there as here', async () => {
    const small = await remoteFixture({ carried: { files: 20, bytes: 10_000 } });
    try {
      const script = 'for i in $(seq 30); do echo x >$i; done';
      expect(await small.shell(script)).toMatchObject({ ok: false, failure: { code: 'too_large' } });
      expect(await small.shell('head -c 20000 /dev/zero >big')).toMatchObject({
        ok: false,
        failure: { code: 'too_large', hint: expect.stringContaining('sandbox.remote.size') as string },
      });
      expect(readdirSync(small.workspace)).toEqual([]);
      writeFileSync(join(small.workspace, 'big'), 'x'.repeat(20_000));
      expect(await small.shell('true')).toMatchObject({ ok: false, failure: { code: 'too_large' } });
    } finally {
      await small.remove();
    }
  });

  test("the worker's own folder stays from process to process, its caches do not travel", async () => {
    const data = fixture.dataDir;
    expect(
      await stdout(
        `echo kept >${data}/state; mkdir -p "$XDG_CACHE_HOME/x"; echo much >"$XDG_CACHE_HOME/x/y"`,
      ),
    ).toBe('');
    expect(readFileSync(join(data, 'state'), 'utf8')).toBe('kept\n');
    expect(existsSync(join(data, 'cache'))).toBe(false);
    expect(await stdout(`cat ${data}/state; cat "$XDG_CACHE_HOME/x/y"`)).toBe('kept\nmuch\n');
    const other = granted({ readable: ['/etc/hostname'] });
    expect(await stdout(`cat ${data}/state; ls "$XDG_CACHE_HOME"`, other)).toBe('kept\n');
  });
});
