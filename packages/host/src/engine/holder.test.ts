import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Lease } from '../ports/lease-store.ts';
import { liveness, mayBeTaken, thisProcess } from './holder.ts';
import { processStart } from './process-start.ts';

const self = thisProcess('self');
const other = { ...self, holder: 'other' };

describe('the holder of a lease', () => {
  test('is proved alive while its process runs, and gone when it was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const pid = child.pid ?? 0;
    const lease = { ...other, pid, processStart: processStart(pid) ?? '' };
    expect(lease.processStart).not.toBe('');
    expect(liveness(lease, self)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(liveness(lease, self)).toBe('gone');
  });

  test('is gone when its pid belongs to a process that was started at another time', () => {
    expect(liveness(other, self)).toBe('alive');
    expect(liveness({ ...other, processStart: `${other.processStart}1` }, self)).toBe('gone');
  });

  test('is gone when the machine was started anew since', () => {
    const [, ...rest] = other.processStart.split('/');
    expect(liveness({ ...other, processStart: ['another-boot', ...rest].join('/') }, self)).toBe('gone');
  });

  test('cannot be known on another machine, in another pid namespace, or when the system tells nothing', () => {
    const [boot, , ticks] = other.processStart.split('/');
    expect(liveness({ ...other, host: 'elsewhere' }, self)).toBe('unknown');
    expect(liveness({ ...other, processStart: `${boot}/pid:[1]/${ticks}` }, self)).toBe('unknown');
    expect(liveness({ ...other, processStart: '' }, self)).toBe('unknown');
  });

  test('keeps what it holds while it lives, however late it is; one that is unknown, until it lapses', () => {
    const lease: Lease = { ...other, name: 'run:x', token: 1, since: 0, renewed: 0, expires: 30_000 };
    expect(mayBeTaken(lease, 'alive', 1_000_000)).toBe(false);
    expect(mayBeTaken(lease, 'unknown', 29_999)).toBe(false);
    expect(mayBeTaken(lease, 'unknown', 30_000)).toBe(true);
    expect(mayBeTaken(lease, 'gone', 0)).toBe(true);
  });
});

test('a process that there is not has no start', () => {
  expect(processStart(2 ** 22 + 1)).toBeUndefined();
});
