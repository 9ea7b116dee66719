import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { PoolFigures, ProcessFigures } from '../../ports/figures.ts';
import { workerStates } from '../../upkeep/worker-states.ts';
import { createOutput } from '../output.ts';
import { printWorkerFigures } from './worker-figures.ts';

const NOW = 1_700_000_000_000;

const pool: PoolFigures = {
  worker: 'code',
  processes: 2,
  idle: 1,
  calls: 1,
  waiting: { high: 1, normal: 2, low: 0 },
  performed: 20,
  lastMinute: 4,
  failed: 3,
  starts: 4,
  restarts: 1,
  started: { at: NOW - 60_000, readyMs: 250 },
  usage: { memoryBytes: 100 * 1024 ** 2, peakBytes: 80 * 1024 ** 2, cpuMs: 12_000 },
  times: { sumMs: 30_000, counts: [0, 10, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1] },
  recent: { calls: 20, faults: 2, share: 0.05 },
};

function printed(processes: readonly ProcessFigures[], colours = false): string {
  const stdout = new PassThrough();
  const io = { stdout, stderr: stdout, colours } as unknown as Parameters<typeof createOutput>[0];
  const [state] = workerStates(['code'], processes, []);
  if (state === undefined) throw new Error('there is no state');
  printWorkerFigures('code', processes, state, NOW, createOutput(io, {}));
  return String(stdout.read());
}

const process = { process: 'process_1', host: 'here', pid: 7, at: NOW, classes: [] };

test('[WRK-13] of one worker it is told what it does and uses in each process, and its budget of errors', () => {
  const other = { ...pool, worker: 'other', performed: 99 };
  expect(printed([{ ...process, pools: [pool, other] }])).toBe(
    [
      '',
      'State: degraded  2 of its last 20 calls ended by its own fault, 1 may',
      'In process 7 on here:',
      '  2 processes, 1 idle · the newest since 1 minute ago, ready in 250ms · 1 restart',
      '  memory 100 MiB, at most 80 MiB in one process · processor time 12s',
      '  20 calls over, 3 failed · half within 10ms, 95 % within 500ms · 3 waiting',
      '',
    ].join('\n'),
  );
  expect(printed([{ ...process, pools: [pool] }], true)).toContain('\u001b[33mdegraded');
});

test('what a process of an earlier version tells is shown as far as it goes', () => {
  const { started: _, usage: __, times: ___, recent: ____, ...early } = pool;
  const text = printed([{ ...process, pools: [early] }]);
  expect(text).toMatch(
    /State: ok\nIn process 7 on here:\n {2}2 processes, 1 idle · 1 restart\n {2}20 calls over/,
  );
});
