import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openControlGroup, sweepControlGroups } from './control-group.ts';

const LIMITS = { memoryBytes: 128 * 1024 * 1024, processes: 50 };
const name = `cadre-${process.pid}-test`;
const possible = await openControlGroup(name, LIMITS);
await possible?.close();

/** Where this user may make no groups there is nothing to show, and the sandbox says so in its report. */
describe.skipIf(possible === undefined)(
  possible === undefined ? 'control groups (SKIPPED: this user may not make any)' : 'control groups',
  () => {
    test('[WRK-23] closing one ends whatever is in it and leaves nothing', async () => {
      const group = await openControlGroup(name, LIMITS);
      const joins = group?.joins ?? [];
      const script = `for g in "$@"; do echo $$ >"$g"; done; sleep 1000 & sleep 1000 & echo ready; wait`;
      const child = spawn('/bin/sh', ['-c', script, 'sh', ...joins], {
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      });
      await once(child.stdout, 'data');
      const ended = once(child, 'exit');
      expect(await group?.close()).toEqual({ memoryExceeded: false });
      expect((await ended)[1]).toBe('SIGKILL');
      expect(joins.map((file) => existsSync(dirname(file)))).toEqual(joins.map(() => false));
    });

    test('those of processes that are gone are swept away', async () => {
      const group = await openControlGroup(name, LIMITS);
      const left = (group?.joins ?? []).map((file) => join(dirname(dirname(file)), 'cadre-999999999-1'));
      for (const folder of left) await mkdir(folder, { recursive: true });
      await sweepControlGroups();
      expect(left.map((folder) => existsSync(folder))).toEqual(left.map(() => false));
      expect((group?.joins ?? []).every((file) => existsSync(file))).toBe(true);
      await group?.close();
    });
  },
);

test('a group cannot be made where there is no such controller, and that is no error', async () => {
  expect(await openControlGroup('no/such/../../../../..\0', LIMITS)).toBeUndefined();
});
