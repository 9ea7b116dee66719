import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { processOwner } from './process-owner.ts';

const mayBecomeAnother = process.platform !== 'win32' && process.getuid?.() === 0;

test.skipIf(process.platform === 'win32')('whose a process is', () => {
  expect(processOwner(process.pid)).toBe(process.getuid?.());
  expect(processOwner(2 ** 22 + 1)).toBeUndefined();
});

test.skipIf(!mayBecomeAnother)('also of another user (skipped unless root runs the tests)', async () => {
  const child = spawn('sleep', ['60'], { uid: 65_534, stdio: 'ignore' });
  await once(child, 'spawn');
  expect(processOwner(child.pid ?? 0)).toBe(65_534);
  child.kill();
});
