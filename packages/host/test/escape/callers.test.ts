import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
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
});
