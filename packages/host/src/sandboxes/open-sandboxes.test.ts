import { describe, expect, test } from 'vitest';
import { keyOf } from '../workers/start-worker.ts';
import { openSandbox } from './open-sandbox.ts';
import { openSandboxes } from './open-sandboxes.ts';
import { runConfined } from './run-confined.ts';

const workspace = import.meta.dirname;
const open = (name: string) => openSandbox({ workspace, environment: { PATH: '/nowhere', LANG: name } });
const options = (tier?: 'process' | 'os' | 'container' | 'remote') => ({
  ...(tier === undefined ? {} : { tier }),
  confinement: { readable: [], writable: [], hidden: [], programs: ['*'], hosts: [] },
  cwd: workspace,
  env: {},
  installed: [],
});

describe('[WRK-19] of several sandboxes', () => {
  const sandbox = openSandboxes({ os: open('os'), container: open('container') });
  const startedBy = async (tier?: 'process' | 'os' | 'container') =>
    (await runConfined(sandbox, ['/bin/sh', '-c', 'echo "$LANG"'], options(tier), 10_000)).stdout.trim();

  test('the one of the wanted tier starts a program, and `os` where none is named', async () => {
    expect(await startedBy('container')).toBe('container');
    expect(await startedBy('os')).toBe('os');
    expect(await startedBy('process')).toBe('os');
    expect(await startedBy()).toBe('os');
  });

  test('one that is not set up offers nothing and starts nothing', async () => {
    expect(await sandbox.probe('remote')).toMatchObject({ level: 'advisory', mechanism: 'none' });
    await expect(sandbox.start(['/bin/true'], options('remote'))).rejects.toMatchObject({
      code: 'no_sandbox',
      message: expect.stringContaining('no other machine'),
    });
  });

  test('a process that was started in one tier is used for no other', () => {
    const worker = { manifest: { id: 'some' }, hash: 'hash', folder: '/some' } as Parameters<typeof keyOf>[0];
    const around = { ...options(), workspace, dataDir: workspace, config: {} };
    const keys = (['os', 'container', 'remote'] as const).map((tier) => keyOf(worker, { ...around, tier }));
    expect(new Set(keys).size).toBe(3);
  });
});
