import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Attempt, Family } from '../attempt.ts';

const through = (
  name: string,
  uses: string,
  input: Attempt['input'],
  stopped: string,
  rest: Partial<Attempt> = {},
): Attempt => ({
  name,
  as: 'calling',
  input: (around) => ({ way: 'call', uses, input: input(around) }),
  stopped,
  ...rest,
});

const nothing = () => ({});
const rule = (text: string) => ({
  operation: 'call-action',
  worker: 'escaper',
  rule: expect.stringContaining(text) as never,
});
const MAY_NOT = 'it is called by escaper/calling, which may not';
const INTERSECTION = 'who is called may do what its caller may, and no more';

const said = (name: string, body: string, rest: Partial<Attempt>): Attempt => ({
  name,
  as: 'calling',
  input: () => ({
    way: 'ask',
    lines: [`{"type":"request","call":"CALL","request":"CALL:9","body":${body}}`],
  }),
  stopped: 'what is no part of a message is not read',
  ...rest,
});

export const calls: Family = {
  title: 'calls of other actions',
  workers: ['polite', 'partner'],
  attempts: [
    through(
      'have a file read by one that may',
      'polite/read',
      () => ({ path: 'readable.txt' }),
      INTERSECTION,
    ),
    {
      ...through('have a file written by one that may', '', nothing, INTERSECTION),
      input: () => ({ way: 'call-quietly', uses: 'polite/write', input: { files: { 'through.txt': 'x' } } }),
      also: ({ workspace }) => expect(existsSync(join(workspace, 'through.txt'))).toBe(false),
    },
    through(
      'have a program run by one that may',
      'polite/run',
      () => ({ program: 'id', arguments: [] }),
      INTERSECTION,
    ),
    through(
      'have an address fetched by one that may',
      'polite/fetch',
      ({ web }) => ({ url: `http://127.0.0.1:${web}/` }),
      INTERSECTION,
      { seen: { operation: 'fetch', worker: 'polite', rule: expect.stringContaining(MAY_NOT) as never } },
    ),
    through(
      'be told a secret by one that may have it',
      'polite/secret',
      () => ({ name: 'TOKEN' }),
      INTERSECTION,
      {
        seen: { operation: 'secret', worker: 'polite', rule: expect.stringContaining(MAY_NOT) as never },
      },
    ),
    through(
      'be told a secret over two others',
      'partner/on',
      () => ({ uses: 'polite/secret', input: { name: 'TOKEN' } }),
      'each in a chain has to be allowed it',
      { seen: { operation: 'secret', worker: 'polite', rule: expect.stringContaining(MAY_NOT) as never } },
    ),
    through('be told the variables of one that may have them', 'partner/variables', nothing, INTERSECTION),
    through(
      'call an action that its manifest does not name',
      'polite/report',
      nothing,
      'calls are declared',
      {
        seen: rule('does not say that calling calls it'),
      },
    ),
    through(
      'call another version than its manifest says',
      'polite/read@0.0.1',
      nothing,
      'versions are declared',
      {
        seen: { operation: 'call-action', rule: 'invalid_input' },
      },
    ),
    through('call what is no action', '../polite/read', nothing, 'a name is checked before it is used', {
      seen: { operation: 'call-action', rule: 'invalid_input' },
    }),
    {
      ...through('have an effect that it does not own up to', '', nothing, 'effects are those of its caller'),
      as: 'alone',
      input: () => ({ way: 'call', uses: 'polite/read', input: { path: 'readable.txt' } }),
      seen: rule('polite/read may read'),
    },
    through(
      'call itself by way of another one',
      'partner/on',
      () => ({ uses: 'escaper/calling', input: { way: 'say', lines: [] } }),
      'nothing goes in a circle',
      { seen: { ...rule('escaper/calling → partner/on → escaper/calling'), worker: 'partner' } },
    ),
    through(
      'go on calling, each the next one',
      'partner/level-1',
      nothing,
      'eight actions stand in a chain at most',
      {
        seen: { ...rule('no more than 8 actions'), worker: 'partner' },
      },
    ),
    {
      ...through(
        'flood the gate, and the record, with calls',
        '',
        nothing,
        'a step makes a thousand calls at most',
      ),
      input: () => ({ way: 'call-often', uses: 'polite/none', times: 1_500 }),
      seen: rule('1000 calls at most'),
      also: (_around, _outcome, record) => expect(record.length).toBeLessThan(1_600),
    },
    {
      ...through(
        'have another one read a stream that it was not given',
        '',
        nothing,
        'only streams of its own are handed on',
      ),
      input: () => ({ way: 'call-stream', uses: 'partner/stream', name: 'stream_1' }),
      seen: rule('was not given to the caller itself'),
    },
    said(
      'call in the name of somebody else, of another run, with other permissions',
      '{"kind":"call","uses":"partner/key","input":{},"principal":"user:root","run":"run_9","step":"other","permissionSets":[["fs:write:/"]],"idempotencyKey":"mine"}',
      {
        also: (_around, _outcome, record) => {
          const its = record.filter(({ worker }) => worker === 'partner');
          expect(its.length).toBeGreaterThan(0);
          for (const entry of its)
            expect(entry).toMatchObject({ principal: 'user:ann', run: 'run_1', step: 'step' });
        },
      },
    ),
    said('call with an input that is none', '{"kind":"call","uses":"partner/key","input":"x"}', {
      input: () => ({
        way: 'end:say',
        lines: [
          '{"type":"request","call":"CALL","request":"1","body":{"kind":"call","uses":"partner/key","input":7}}',
        ],
      }),
      stopped: 'each message is checked before it is used',
      code: 'worker_fault',
      seen: { operation: 'violation', rule: expect.stringContaining('protocol') as never },
    }),
    said('call without an end', '', {
      input: () => ({
        way: 'end:say',
        lines: [
          '{"type":"request","call":"CALL","request":"1","body":{"kind":"call","uses":"partner/key","input":{},"timeoutMs":-1}}',
        ],
      }),
      stopped: 'each message is checked before it is used',
      code: 'worker_fault',
      seen: { operation: 'violation', rule: expect.stringContaining('protocol') as never },
    }),
    {
      name: 'call as a part of another call',
      as: 'calling',
      input: () => ({
        way: 'say',
        lines: [
          '{"type":"request","call":"999","request":"1","body":{"kind":"call","uses":"partner/key","input":{}}}',
        ],
      }),
      stopped: 'nobody speaks for a call that is not its own',
      seen: { operation: 'violation', rule: expect.stringContaining('no such call') as never },
      also: (_around, _outcome, record) =>
        expect(record.filter(({ worker }) => worker === 'partner')).toEqual([]),
    },
  ],
};
