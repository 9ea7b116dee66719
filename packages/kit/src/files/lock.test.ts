import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lock } from './lock.ts';
import { tempDir } from './temp-dir.ts';

const MODULE = JSON.stringify(new URL('./lock.ts', import.meta.url).href);

async function place(): Promise<string> {
  const temporary = await tempDir('kit lock');
  onTestFinished(() => temporary.remove());
  return join(temporary.path, 'the lock');
}

test('a second taker is refused with the holder named, and gets a higher number afterwards', async () => {
  const path = await place();
  const first = await lock(path, { holder: 'run 7' });
  await expect(lock(path)).rejects.toMatchObject({
    code: 'lease_held',
    message: expect.stringContaining('run 7'),
    details: { holder: 'run 7', host: hostname(), pid: process.pid },
  });
  await first.release();
  const second = await lock(path);
  expect(second.number).toBeGreaterThan(first.number);
  await second.release();
});

test('waits for a holder, and stops waiting when told to', async () => {
  const path = await place();
  const first = await lock(path);
  const waiting = lock(path, { waitMs: 20_000 });
  await expect(lock(path, { waitMs: 20_000, signal: AbortSignal.timeout(10) })).rejects.toMatchObject({
    code: 'cancelled',
  });
  await first.release();
  const second = await waiting;
  await second.release();
});

test('a holder that was killed is replaced at once; a live one of this machine never by age', async () => {
  const path = await place();
  const script = `import { lock } from ${MODULE}; await lock(process.argv[1], { renewMs: 1e9 }); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await utimes(join(path, '1'), 1, 1);
  await expect(lock(path)).rejects.toMatchObject({ code: 'lease_held', details: { pid: child.pid } });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const taken = await lock(path);
  expect(taken.number).toBe(2);
  await taken.release();
});

test('a process id that was given to somebody else does not count as the holder', async () => {
  const path = await place();
  await lock(path, { renewMs: 1e9 });
  const holder = JSON.parse(await readFile(join(path, '1'), 'utf8'));
  await writeFile(join(path, '1'), JSON.stringify({ ...holder, processStart: '1' }));
  const taken = await lock(path);
  await taken.release();
});

test('a process that cannot be seen from here, as in a sandbox, holds the lock as long as it renews it', async () => {
  const path = await place();
  await lock(path, { renewMs: 1e9 });
  const holder = JSON.parse(await readFile(join(path, '1'), 'utf8'));
  await writeFile(join(path, '1'), JSON.stringify({ ...holder, pid: 999_999_999, processSpace: 'pid:[1]' }));
  await expect(lock(path)).rejects.toMatchObject({ code: 'lease_held' });
  const taken = await lock(path, { now: () => Date.now() + 31_000 });
  await taken.release();
});

test('a lease of another machine is kept while it is renewed and taken when it lapsed', async () => {
  const path = await place();
  await (await lock(path)).release();
  const holder = { holder: 'far away', host: 'elsewhere', pid: 1, processStart: '1', since: 0 };
  await writeFile(join(path, '1'), JSON.stringify(holder));
  await expect(lock(path)).rejects.toMatchObject({ code: 'lease_held', details: { host: 'elsewhere' } });
  const taken = await lock(path, { now: () => Date.now() + 31_000 });
  expect(taken.number).toBe(2);
  await taken.release();
});

test('a holder that was replaced is told that it lost the lock, and its release changes nothing', async () => {
  const path = await place();
  const held = await lock(path, { renewMs: 5 });
  await writeFile(join(path, '2'), await readFile(join(path, '1')));
  if (!held.lost.aborted) await once(held.lost, 'abort');
  await held.release();
  expect(await readFile(join(path, '2'), 'utf8')).not.toBe('');
});

test('of many processes at once only one is ever inside', { timeout: 120_000 }, async () => {
  const path = await place();
  const trace = `${path}.trace`;
  await appendFile(trace, '');
  const script = `
    import { appendFileSync } from 'node:fs';
    import { lock } from ${MODULE};
    for (let round = 0; round < 10; round++) {
      const held = await lock(process.argv[1], { waitMs: 100_000 });
      appendFileSync(process.argv[2], 'in ');
      appendFileSync(process.argv[2], 'out ');
      await held.release();
    }`;
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script, path, trace], { stdio: 'inherit' }),
  );
  await Promise.all(children.map((child) => once(child, 'exit')));
  expect(await readFile(trace, 'utf8')).toBe('in out '.repeat(40));
});

test('a temporary folder goes with its process', () => {
  const script = `
    import { tempDir } from ${JSON.stringify(new URL('./temp-dir.ts', import.meta.url).href)};
    const { path } = await tempDir('kit exit');
    console.log(path);`;
  const path = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  }).trim();
  expect(path).toContain('kit exit');
  expect(() => execFileSync('test', ['-e', path])).toThrow();
});
