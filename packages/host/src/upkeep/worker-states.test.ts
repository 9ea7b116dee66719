import { expect, test } from 'vitest';
import type { PoolFigures } from '../ports/figures.ts';
import { workerStates } from './worker-states.ts';

const pool = (worker: string, calls: number, faults: number, share = 0.05): PoolFigures => ({
  worker,
  processes: 1,
  idle: 1,
  calls: 0,
  waiting: { high: 0, normal: 0, low: 0 },
  performed: calls,
  lastMinute: 0,
  failed: faults,
  starts: 1,
  restarts: 0,
  recent: { calls, faults, share },
});

test('[WRK-13] a worker is degraded when more of its calls ended by its fault than may, over all processes, and quarantined when it is', () => {
  const statusOf = (...pools: PoolFigures[]) => workerStates(['a'], [{ pools }], [])[0]?.status;
  expect(statusOf()).toBe('ok');
  expect(statusOf(pool('a', 3, 1))).toBe('ok');
  expect(statusOf(pool('a', 3, 2))).toBe('degraded');
  expect(statusOf(pool('a', 100, 5))).toBe('ok');
  expect(statusOf(pool('a', 100, 6))).toBe('degraded');
  expect(statusOf(pool('a', 100, 6, 0.5))).toBe('ok');
  expect(statusOf(pool('a', 100, 5), pool('a', 100, 6))).toBe('degraded');
  expect(statusOf(pool('b', 100, 60))).toBe('ok');
  expect(workerStates(['a'], [{ pools: [pool('a', 100, 60)] }], [{ worker: 'a' }])).toEqual([
    { worker: 'a', status: 'quarantined', calls: 100, faults: 60, allowed: 5 },
  ]);
});
