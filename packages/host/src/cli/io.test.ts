import { expect, onTestFinished, test } from 'vitest';
import { processIo } from './io.ts';

test('a signal interrupts the work under its name, and no colours go where no terminal is', () => {
  const before = new Set([...process.listeners('SIGTERM'), ...process.listeners('SIGINT')]);
  const io = processIo();
  onTestFinished(() => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      for (const listener of process.listeners(signal)) {
        if (!before.has(listener)) process.off(signal, listener);
      }
    }
  });
  expect(io).toMatchObject({ cwd: process.cwd(), interactive: false });
  expect(io.interrupted.aborted).toBe(false);

  process.emit('SIGTERM');

  expect(io.interrupted).toMatchObject({ aborted: true, reason: 'SIGTERM' });
});
