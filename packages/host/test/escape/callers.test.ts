import { spawnSync } from 'node:child_process';
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { isInstalled } from '../../../../scripts/installed-program.ts';
import type { SandboxReport } from '../../src/ports/sandbox.ts';
import { findExecutable } from '../../src/sandboxes/find-executable.ts';
import { describeSandboxed } from '../sandboxed.ts';

/** Nobody in particular. */
const SOMEBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const setpriv = findExecutable('setpriv', '/usr/bin:/bin') ?? 'setpriv';
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Told {
  readonly report: SandboxReport;
  /** What got through, by name. */
  readonly through: Readonly<Record<string, string>>;
  readonly who: readonly string[];
}

function tryAs(caller: number | undefined, owner: number | undefined): Told {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-caller-')));
  folders.push(root);
  const workspace = join(root, 'workspace');
  mkdirSync(workspace);
  writeFileSync(join(root, 'outside.txt'), 'outside');
  if (owner !== undefined) for (const path of [root, workspace]) chownSync(path, owner, owner);
  const script = [join(import.meta.dirname, 'try-as.ts'), workspace, join(root, 'outside.txt')];
  const node = [process.execPath, '--no-warnings', ...script];
  const [program = '', ...rest] =
    caller === undefined
      ? node
      : [setpriv, `--reuid=${caller}`, `--regid=${caller}`, '--clear-groups', '--', ...node];
  const { stdout, stderr, status } = spawnSync(program, rest, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', HOME: root, CANARY: 'CANARY' },
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Told;
}

/** The system of this machine, read-only, in a container without a network. */
function tryInContainer(...options: readonly string[]): Told {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-container-')));
  folders.push(root);
  const inside = join(root, 'root');
  for (const name of ['usr', 'proc', 'dev', 'sys', 'tmp', 'etc', 'run'])
    mkdirSync(join(inside, name), { recursive: true });
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, join(inside, name));
  for (const name of ['passwd', 'group']) copyFileSync(join('/etc', name), join(inside, 'etc', name));
  const repository = join(import.meta.dirname, '../../../..');
  const runc = findExecutable('runc', `${process.env['PATH']}:/usr/sbin`) ?? 'runc';
  const limits = ['nofile=4096:4096', 'nproc=4096:4096'].flatMap((limit) => ['--ulimit', limit]);
  const volumes = ['/usr', repository, process.execPath].flatMap((path) => [
    '--volume',
    `${path}:${path}:ro`,
  ]);
  const script = `mkdir /tmp/workspace && echo x >/tmp/outside && exec "$0" --no-warnings "$1" /tmp/workspace /tmp/outside`;
  const { stdout, stderr, status } = spawnSync(
    'podman',
    [
      ...['--runtime', runc, 'run', '--rm', '--network', 'none', '--tmpfs', '/tmp:exec,mode=1777', ...limits],
      ...[...volumes, '--env', 'PATH=/usr/bin:/bin', '--env', 'HOME=/tmp', ...options, '--rootfs', inside],
      ...['/bin/sh', '-c', script, process.execPath, join(import.meta.dirname, 'try-as.ts')],
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Told;
}

const canBecome = isRoot && isInstalled('setpriv');

describeSandboxed('whoever Cadre runs as', () => {
  test.skipIf(!canBecome)('[WRK-20] an ordinary user confines fully, without any help of root', () => {
    const told = tryAs(SOMEBODY, SOMEBODY);
    expect(told.through).toEqual({});
    expect(told.report.mechanism).toBe('bubblewrap');
    expect(told.who).toEqual([String(SOMEBODY), 'granted']);
  });

  test.skipIf(!canBecome)('[WRK-20] root becomes the owner of the workspace in the box', () => {
    const told = tryAs(undefined, SOMEBODY);
    expect(told.through).toEqual({});
    expect(told.who).toEqual([String(SOMEBODY), 'granted']);
  });

  test.skipIf(!isRoot)(
    '[WRK-20] root on files of root stays root without capabilities, and that is said',
    () => {
      const told = tryAs(undefined, undefined);
      expect(told.through).toEqual({});
      expect(told.report).toMatchObject({
        level: 'partial',
        missing: [expect.stringContaining('runs as root')],
      });
      expect(told.who).toEqual(['0', 'granted']);
    },
  );

  test.skipIf(isRoot)('[WRK-20] this user confines without any help of root', () => {
    expect(tryAs(undefined, undefined).through).toEqual({});
  });

  describe.skipIf(!isRoot || !isInstalled('podman') || !isInstalled('runc'))('in a container', () => {
    const OPEN = [
      '--cap-add',
      'SYS_ADMIN',
      '--security-opt',
      'seccomp=unconfined',
      '--security-opt',
      'unmask=ALL',
    ];

    test('[WRK-20] that forbids namespaces nothing confines, and that is said with what to do', () => {
      const { report } = tryInContainer();
      expect(report).toMatchObject({
        level: 'advisory',
        hint: expect.stringContaining('forbids namespaces'),
      });
    });

    test('[WRK-20] that permits them workers are confined, and what is missing is said', () => {
      const { report, through } = tryInContainer(...OPEN);
      expect(report).toMatchObject({ level: 'partial', mechanism: 'bubblewrap' });
      expect(report.missing).toContainEqual(expect.stringContaining('memory is not limited'));
      // There the caller is the first process, and the box has one of its own.
      expect({ ...through, processes: undefined }).toEqual({ processes: undefined });
    });
  });
});
