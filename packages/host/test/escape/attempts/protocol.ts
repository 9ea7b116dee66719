import { expect } from 'vitest';
import type { Attempt, Family } from '../attempt.ts';

const CHECKED = 'each message is checked before it is used';

const said = (name: string, line: string, rule: string, rest: Partial<Attempt> = {}): Attempt => ({
  name,
  as: 'alone',
  input: () => ({ way: 'say', lines: [line] }),
  stopped: CHECKED,
  seen: { operation: 'violation', rule: expect.stringContaining(rule) as never },
  ...rest,
});

const broken = (name: string, line: string, rule = 'protocol'): Attempt =>
  said(name, line, rule, { input: () => ({ way: 'end:say', lines: [line] }), code: 'worker_fault' });

const requested = (name: string, body: string, rest: Partial<Attempt>): Attempt => ({
  name,
  as: 'alone',
  input: () => ({
    way: 'ask',
    lines: [`{"type":"request","call":"CALL","request":"CALL:9","body":${body}}`],
  }),
  stopped: 'the gate refuses it',
  ...rest,
});

const isUnpolluted = () => expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();

export const protocol: Family = {
  title: 'the protocol between worker and host',
  attempts: [
    said('confuse the host by what is no message', 'not a message', 'no message'),
    said('confuse the host by bytes that are no text', '\u0000\u0001{"type":', 'no message'),
    said(
      'answer in the name of a call that is not its own',
      '{"type":"succeeded","call":"999","output":{"got":"all"}}',
      'no such call',
    ),
    said(
      'log in the name of a call that is not its own',
      '{"type":"log","call":"run_2","level":"info","message":"all is well"}',
      'no such call',
    ),
    broken('answer with a failure that is none', '{"type":"failed","call":"CALL","failure":7}'),
    broken('tell of less than nothing spent', '{"type":"spent","call":"CALL","spent":{"tokens":-1}}'),
    broken('tell of money that is no number', '{"type":"spent","call":"CALL","spent":{"money":"NaN USD"}}'),
    broken(
      'announce more bytes than a piece has',
      '{"type":"chunk","call":"CALL","stream":"a","bytes":9007199254740991}',
    ),
    broken('announce a negative number of bytes', '{"type":"credit","call":"CALL","stream":"a","bytes":-5}'),
    broken(
      'ask for something that there is no word for',
      '{"type":"request","call":"CALL","request":"1","body":{"kind":"root"}}',
    ),
    {
      ...broken('overflow the stack of the host by nesting', '', 'levels deep'),
      input: () => ({ way: 'end:deep', levels: 100_000 }),
    },
    {
      name: 'change the prototype of all objects by its output',
      as: 'alone',
      input: () => ({
        way: 'end:answer',
        json: '{"got":null,"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}',
      }),
      stopped: 'what comes as data stays data',
      also: isUnpolluted,
    },
    said(
      'change the prototype of all objects by fields of a log line',
      '{"type":"log","call":"CALL","level":"info","message":"m","fields":{"__proto__":{"isAdmin":true}}}',
      '',
      { seen: {}, also: isUnpolluted },
    ),
    requested(
      'have Cadre run another program than the one it names',
      '{"kind":"exec","program":"git","path":"/tmp/evil","arguments":[],"cwd":"/"}',
      {
        seen: { operation: 'exec', permission: 'shell:git' },
      },
    ),
    requested(
      'read a stream that it was not given',
      '{"kind":"read-stream","stream":"a","handle":{"$stream":"other","contentType":"text/plain","size":1,"sha256":"0"}}',
      {
        stopped: 'only streams whose handles stand in the input are read',
      },
    ),
    requested('ask for a permission that is none', '{"kind":"secret","name":"A B\\nallowed"}', {
      seen: { operation: 'secret', rule: 'invalid' },
    }),
    {
      name: 'send a line without end',
      as: 'alone',
      input: () => ({ way: 'end:line' }),
      stopped: 'no line is held beyond its bound, and the worker is ended',
      code: 'worker_died',
      seen: { operation: 'violation', rule: 'no line is held beyond that' },
    },
    {
      name: 'print a line without end',
      as: 'alone',
      input: () => ({ way: 'end:error-line' }),
      stopped: 'no line is held beyond its bound, and the worker is ended',
      code: 'worker_died',
      seen: { operation: 'violation', rule: 'no line is held beyond that' },
    },
    {
      name: 'use up the memory of the host by a line that comes byte by byte',
      as: 'alone',
      input: () => ({ way: 'drip', bytes: 4_000 }),
      stopped: 'pieces are joined, and the call has a time limit',
      seen: { operation: 'violation', rule: 'protocol: no message' },
    },
    {
      name: 'drown the record in refusals',
      as: 'armed',
      input: () => ({ way: 'refusals', times: 1_500 }),
      stopped: 'after a thousand refusals a call is refused everything, and that is recorded once',
      also: (_around, _outcome, record) => expect(record.length).toBeLessThan(2_100),
    },
  ],
};
