import { afterEach, describe, expect, test } from 'vitest';
import { simulatedClock } from '../testing/simulated-clock.ts';
import { type AdmissionLimits, createAdmission } from './admission.ts';
import { createLoopDelay } from './loop-delay.ts';

const LIMITS: AdmissionLimits = { inFlight: 2, delayMs: 250, waiting: 10 };

function open(limits: Partial<AdmissionLimits> = {}) {
  const clock = simulatedClock();
  const state = { late: 0, waiting: 0, counted: 0, told: [] as (string | undefined)[] };
  const admission = createAdmission({
    limits: { ...LIMITS, ...limits },
    clock,
    delay: { now: () => state.late, last: () => state.late, close: () => undefined },
    async countWaiting(most) {
      state.counted += 1;
      return Math.min(most, state.waiting);
    },
    told: (reason) => state.told.push(reason),
  });
  return { admission, clock, state };
}

const overloaded = (seconds: number) => ({
  code: 'overloaded',
  details: { retryAfterSeconds: seconds },
});

describe('new work', () => {
  test('is let in while there is little of it, and the store is asked once a second', async () => {
    const { admission, clock, state } = open({ inFlight: 100 });
    for (let request = 0; request < 5; request++) (await admission.admit())();
    expect(state.counted).toBe(1);
    await clock.advance(1_000);
    (await admission.admit())();
    expect(state.counted).toBe(2);
    expect(admission.figures()).toMatchObject({ inFlight: 0, accepted: 6 });
  });

  test('is refused while too many requests are being answered, and taken again when one is', async () => {
    const { admission } = open();
    const first = await admission.admit();
    await admission.admit();
    await expect(admission.admit()).rejects.toMatchObject(overloaded(1));
    first();
    first();
    await admission.admit();
    await expect(admission.admit()).rejects.toMatchObject(overloaded(1));
    expect(admission.figures()).toMatchObject({ inFlight: 2, accepted: 3, refused: { in_flight: 2 } });
  });

  test('is refused while the process is late', async () => {
    const { admission, state } = open();
    state.late = 251;
    await expect(admission.admit()).rejects.toMatchObject(overloaded(2));
    expect(state.counted).toBe(0);
    state.late = 250;
    (await admission.admit())();
  });

  test('is refused while too much waits, what was let in since the count among it', async () => {
    const { admission, clock, state } = open({ inFlight: 100 });
    state.waiting = 7;
    for (let request = 0; request < 3; request++) (await admission.admit())();
    await expect(admission.admit()).rejects.toMatchObject({
      ...overloaded(10),
      message: expect.stringContaining('10 wait to be begun'),
    });
    state.waiting = 9;
    await clock.advance(1_000);
    await admission.admit().catch(() => undefined);
    (await admission.admit())();
  });

  test('that comes at once is not all let in while the store is asked', async () => {
    const { admission } = open();
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => admission.admit()));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  });

  test('a store that cannot be asked refuses it, and keeps nothing taken', async () => {
    const clock = simulatedClock();
    const admission = createAdmission({
      limits: LIMITS,
      clock,
      delay: createLoopDelay(),
      countWaiting: () => Promise.reject(new Error('it is gone')),
      told: () => undefined,
    });
    for (let request = 0; request < 5; request++)
      await expect(admission.admit()).rejects.toThrow('it is gone');
    expect(admission.figures().inFlight).toBe(0);
    admission.close();
  });

  test('that it is refused is told once, and that it is taken again', async () => {
    const { admission, clock, state } = open();
    state.late = 300;
    for (let request = 0; request < 3; request++) await admission.admit().catch(() => undefined);
    expect(state.told).toEqual(['the process is 300 ms late']);
    expect(admission.figures().overloaded).toBe('the process is 300 ms late');
    await clock.advance(3_000);
    await admission.admit().catch(() => undefined);
    await clock.advance(3_000);
    expect(state.told).toHaveLength(1);
    await clock.advance(2_000);
    expect(state.told).toEqual(['the process is 300 ms late', undefined]);
    expect(admission.figures()).not.toHaveProperty('overloaded');
  });
});

describe('the delay of the process', () => {
  let close = () => undefined as unknown;
  afterEach(() => close());

  test('is what keeps it from answering', async () => {
    const delay = createLoopDelay();
    close = delay.close;
    expect(delay.now()).toBe(0);
    for (let late = 0; late === 0; late = delay.now()) {
      const until = performance.now() + 200;
      while (performance.now() < until);
      await new Promise(setImmediate);
    }
    expect(delay.now()).toBeGreaterThan(100);
  });

  test('is measured only while somebody asks', () => {
    let now = 0;
    const delay = createLoopDelay(() => now);
    close = delay.close;
    const timers = () => process.getActiveResourcesInfo().length;
    const before = timers();
    delay.now();
    now = 5_001;
    expect(delay.last()).toBe(0);
    expect(timers()).toBe(before);
  });
});
