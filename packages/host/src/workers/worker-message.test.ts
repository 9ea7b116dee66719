import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readMessage } from './worker-message.ts';

describe('a line of a worker', () => {
  test.each([
    { type: 'ready', protocol: 1, worker: 'git', actions: ['commit'] },
    { type: 'log', call: '1', level: 'info', message: 'x', fields: { a: [1] } },
    { type: 'progress', call: '1', progress: { done: 1, total: 2, unit: 'files' } },
    { type: 'effect', call: '1', effect: { kind: 'file', change: 'created', path: 'a', bytes: 1 } },
    {
      type: 'request',
      call: '1',
      request: '1:1',
      body: { kind: 'exec', program: 'git', path: '/usr/bin/git', arguments: [], cwd: '/' },
    },
    { type: 'succeeded', call: '1', output: null },
    {
      type: 'failed',
      call: '1',
      failure: {
        code: 'x',
        message: 'y',
        retryable: false,
        cause: { code: 'z', message: '', retryable: true },
      },
    },
  ])('that is a message is read: $type', (message) => {
    expect(readMessage(JSON.stringify(message))).toEqual({ kind: 'message', message });
  });

  test.each([
    ['{"type":"succeeded","call":"1"}', '1'],
    ['{"type":"failed","call":"2","failure":"no"}', '2'],
    ['{"type":"request","call":"3","request":"1","body":{"kind":"agent"}}', '3'],
    ['{"type":"log","call":"4","level":"shout","message":"x"}', '4'],
  ])('that breaks the protocol names its call: %s', (line, call) => {
    expect(readMessage(line)).toMatchObject({ kind: 'broken', call });
  });

  test.each([
    '',
    'text',
    '[]',
    'null',
    '5',
    '{"type":"later","call":"1"}',
    '{"type":"log"}',
  ])('that is no message is told apart: %j', (line) => {
    expect(readMessage(line)).toEqual({ kind: 'other' });
  });

  test('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        expect(['message', 'broken', 'other']).toContain(readMessage(line).kind);
      }),
    );
  });
});
