import { expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';

test('ids differ and sort in the order in which they were given', () => {
  const clock = systemClock();
  const ids = Array.from({ length: 5_000 }, () => clock.newId('run'));
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  expect(ids[0]).toMatch(/^run_[0-9a-hjkmnp-tv-z]{26}$/);
});

test('time never goes back when the clock of the system does', () => {
  const now = vi.spyOn(Date, 'now');
  try {
    const clock = systemClock();
    now.mockReturnValue(2_000);
    expect(clock.now()).toBe(2_000);
    now.mockReturnValue(1_000);
    expect(clock.now()).toBe(2_000);
  } finally {
    now.mockRestore();
  }
});

test('a callback comes once, not before its time, and not at all when it was taken back', async () => {
  const clock = systemClock();
  const at = clock.now() + 30;
  let takenBack = 0;
  clock.wakeAt(at, () => takenBack++)();
  const rung = await new Promise<number>((resolve) => clock.wakeAt(at, () => resolve(clock.now())));
  expect(rung).toBeGreaterThanOrEqual(at);
  expect(takenBack).toBe(0);
});

test('a time that is longer away than a timer can tell does not come at once', async () => {
  const clock = systemClock();
  let rung = 0;
  const takeBack = clock.wakeAt(clock.now() + 90 * 86_400_000, () => rung++);
  await new Promise<void>((resolve) => clock.wakeAt(clock.now() + 20, resolve));
  takeBack();
  expect(rung).toBe(0);
});
