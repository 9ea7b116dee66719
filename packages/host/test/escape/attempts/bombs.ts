import { expect } from 'vitest';
import type { Attempt, Family } from '../attempt.ts';

const MIB = 1024 * 1024;

const bomb = (
  name: string,
  way: string,
  limit: string,
  stopped: string,
  as: Attempt['as'] = 'armed',
): Attempt => ({
  name,
  as,
  input: () => ({ way: `end:${way}`, most: 200 }),
  stopped,
  code: 'limit_exceeded',
  also: (_around, outcome, record) => {
    expect(outcome).toMatchObject({
      failure: { details: { limit, planned: expect.any(Number), used: expect.any(Number) } },
    });
    expect(record).toContainEqual(expect.objectContaining({ operation: 'call', outcome: 'limit_exceeded' }));
  },
});

const MEMORY = 'a control group ends all of it, and it is named as such';
const LOOKED = 'it is looked at twice a second, and all of it is ended';

/** Each inside limits that are no danger to anybody. */
export const bombs: Family = {
  title: 'using up the machine',
  limits: {
    memoryBytes: 256 * MIB,
    processes: 64,
    openFiles: 256,
    diskBytes: 64 * MIB,
    outputBytes: 8 * MIB,
    cpuMs: 2_000,
    temporaryBytes: 16 * MIB,
  },
  attempts: [
    bomb(
      'start processes without end',
      'fork',
      'processes',
      'a control group refuses more, and all of it is ended',
    ),
    bomb(
      'start processes again and again, away from its own',
      'respawn',
      'processes',
      'a control group refuses more, and all of it is ended',
    ),
    bomb('take memory without end', 'memory', 'memory', MEMORY, 'alone'),
    bomb('fill the heap of its own Node', 'heap', 'memory', MEMORY, 'alone'),
    bomb('take memory by a program that it starts', 'child-memory', 'memory', MEMORY),
    {
      name: 'fill the folder for temporary files',
      as: 'armed',
      input: () => ({ way: 'temporary', path: '/tmp/filled' }),
      // Its size there is the affair of that machine.
      afar: 'not tried',
      stopped: 'it has a size',
    },
    {
      name: 'fill the folder for shared memory',
      as: 'armed',
      input: () => ({ way: 'temporary', path: '/dev/shm/filled' }),
      // Its size there is the affair of that machine.
      afar: 'not tried',
      stopped: 'it has a size',
    },
    bomb('fill the disk', 'disk', 'disk', LOOKED, 'alone'),
    bomb(
      'use up all descriptors',
      'files',
      'files',
      'the system refuses more, and all of it is ended',
      'alone',
    ),
    {
      name: 'come close to a limit without anybody noticing',
      as: 'alone',
      input: () => ({ way: 'hold', files: 205 }),
      stopped: 'at four fifths of a limit that is said, in the log and in the record',
      seen: { operation: 'warning', decision: 'allowed', rule: 'limit files', outcome: 'warned' },
    },
    bomb('compute without end', 'time', 'cpu', LOOKED, 'alone'),
    bomb('have a program compute without end', 'child-time', 'cpu', LOOKED),
    {
      ...bomb(
        'flood the log',
        'output',
        'output',
        'what it says is counted, and all of it is ended',
        'alone',
      ),
      input: () => ({
        way: 'end:output',
        line: { type: 'log', call: '1', level: 'info', message: 'x'.repeat(10_000) },
      }),
      seen: { operation: 'violation', rule: 'limit output' },
    },
  ],
};
