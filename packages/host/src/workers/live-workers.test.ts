import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';

const CHILD = fileURLToPath(new URL('../../test/reload-child.ts', import.meta.url));
const TIMES = 1_000;

/** Each manifest alone has 6 KB: whoever kept them would hold 750 more of them at the end. */
const MOST_GROWTH = 2 * 1024 * 1024;

describeSandboxed('workers that come and go', () => {
  test('[WRK-11] after a thousand versions the process holds what it held after the first hundreds, and no file is left open', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', CHILD, String(TIMES)]);
    const [middle, end] = JSON.parse(stdout);
    expect([middle.reloads, end.reloads]).toEqual([TIMES / 4, TIMES]);
    expect(end.heapUsed - middle.heapUsed).toBeLessThan(MOST_GROWTH);
    expect(end.external - middle.external).toBeLessThan(MOST_GROWTH);
    expect(end.descriptors).toBeLessThanOrEqual(middle.descriptors + 2);
    // The one in use and those that runs may have begun with.
    expect(end.copies).toBeLessThanOrEqual(6);
  }, 300_000);
});
