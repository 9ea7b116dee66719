import { expect, test } from 'vitest';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { actionNames } from './action-names.ts';
import { mcpManifest } from './mcp-manifest.ts';
import type { McpServer, PinnedTool } from './mcp-server.ts';
import { toolChanges } from './tool-changes.ts';
import { withoutPatterns } from './without-patterns.ts';

const CLOCK: McpServer = {
  name: 'clock',
  reach: { kind: 'stdio', command: './bin/clock', args: [], env: { KEY: 'secret:CLOCK' } },
  permissions: [],
  timeout: '30s',
  effects: {},
};

const pin = (more: Partial<PinnedTool['tool']> = {}, hash = 'sha256:1'): PinnedTool => ({
  action: 'get-time',
  hash,
  tool: { name: 'get_time', inputSchema: { type: 'object' }, ...more },
});

const effectsOf = (server: Partial<McpServer>, annotations: PinnedTool['tool']['annotations'] = {}) =>
  mcpManifest({ ...CLOCK, ...server }, [pin({ annotations })]).actions[1]?.effects;

test('the manifest of a server is one that parses, and asks for its program, its secrets and what is declared', () => {
  const manifest = mcpManifest({ ...CLOCK, permissions: ['fs:read:docs'] }, [pin()]);
  expect(
    parseManifest(JSON.stringify(manifest)).problems.filter(({ severity }) => severity === 'error'),
  ).toEqual([]);
  expect(manifest.permissions).toEqual(['shell:clock', 'secret:CLOCK', 'fs:read:docs']);
  const http = { kind: 'http', url: 'http://[::1]:8080/mcp', headers: {} } as const;
  expect(mcpManifest({ ...CLOCK, reach: http }, []).permissions).toEqual(['net:[::1]:8080']);
  const https = { ...http, url: 'https://Tools.example.org/mcp' };
  expect(mcpManifest({ ...CLOCK, reach: https }, []).permissions).toEqual(['net:tools.example.org:443']);
});

test('[WRK-22] what is put into requests is for one host: secrets in headers, a login, and the secret of a client', () => {
  const reach = {
    kind: 'http',
    url: 'https://tools.example.org/mcp',
    headers: { 'X-Key': 'secret:KEY' },
    auth: {
      grant: 'client_credentials',
      issuer: 'https://auth.example.org',
      clientId: 'robot',
      clientSecret: 'ROBOT',
    },
  } as const;
  expect(mcpManifest({ ...CLOCK, reach }, []).permissions).toEqual([
    'net:tools.example.org:443',
    'secret:KEY@tools.example.org:443',
    'secret:login/clock@tools.example.org:443',
    'secret:ROBOT@auth.example.org:443',
  ]);
});

test('[WRK-25] what a tool may do follows from its permissions; its hints add to that and take nothing away', () => {
  expect(effectsOf({})).toEqual(['read']);
  expect(effectsOf({ permissions: ['fs:write:out'] }, { readOnlyHint: true })).toEqual([
    'read',
    'write',
    'delete',
  ]);
  expect(effectsOf({ permissions: ['net:a:443'] }, { readOnlyHint: true, destructiveHint: false })).toEqual([
    'read',
    'write',
    'delete',
    'publish',
    'send',
  ]);
  expect(effectsOf({}, { destructiveHint: true })).toEqual(['read', 'delete']);
  expect(effectsOf({ permissions: ['net:a:443'], effects: { get_time: ['read'] } })).toEqual(['read']);
});

test('it is previewed on a copy where it needs neither network nor secrets', () => {
  const reach = { kind: 'stdio', command: 'clock', args: [], env: {} } as const;
  const writing = { ...CLOCK, reach, permissions: ['fs:write:out'] };
  expect(mcpManifest(writing, [pin()]).actions[1]?.preview).toBe('scratch');
  expect(mcpManifest({ ...writing, reach: CLOCK.reach }, [pin()]).actions[1]).not.toHaveProperty('preview');
});

test('[WRK-25] what a server says is text: what cannot be seen is shown as its code, and no more than can be read', () => {
  const description = `\u001b[2Jnow\u202e\nline two${'x'.repeat(5_000)}`;
  const shown = mcpManifest(CLOCK, [pin({ description })]).actions[1]?.description ?? '';
  expect(shown.split('\n')[0]).toBe('\\u{1b}[2Jnow\\u{202e}');
  expect(shown.length).toBeLessThan(2_100);
});

test('the version follows from what was accepted', () => {
  const version = (hash: string) => mcpManifest(CLOCK, [pin({}, hash)]).version;
  expect(version('sha256:1')).toBe(version('sha256:1'));
  expect(version('sha256:1')).not.toBe(version('sha256:2'));
});

test('tools become actions by names that every worker may have, and no two the same', () => {
  const names = actionNames(['get_time', 'getTime', 'read.file', 'list_tools', '时间', 'x'.repeat(80)]);
  expect(names.get('read.file')).toBe('read-file');
  expect(new Set(names.values()).size).toBe(6);
  for (const name of names.values()) expect(name).toMatch(/^[a-z][a-z0-9-]{0,49}$/);
  expect([...names.values()]).not.toContain('list-tools');
  expect(actionNames(['getTime', 'get_time'])).toEqual(actionNames(['get_time', 'getTime']));
});

test('regular expressions of strangers are taken out, and properties that are called so stay', () => {
  const schema = {
    type: 'object',
    patternProperties: { '(a+)+$': {} },
    properties: { pattern: { type: 'string', pattern: '(a+)+$' }, list: { items: [{ pattern: 'x' }] } },
    default: { pattern: 'kept' },
  };
  expect(withoutPatterns(schema)).toEqual({
    type: 'object',
    properties: { pattern: { type: 'string' }, list: { items: [{}] } },
    default: { pattern: 'kept' },
  });
});

test('what is new, changed and gone is told by name', () => {
  const named = (name: string, hash: string): PinnedTool => ({ ...pin({ name }), hash });
  const changes = toolChanges(
    [named('a', '1'), named('b', '1'), named('c', '1')],
    [named('d', '1'), named('b', '2'), named('c', '1')],
  );
  expect(changes.map(({ name, change }) => [name, change])).toEqual([
    ['a', 'gone'],
    ['b', 'changed'],
    ['d', 'new'],
  ]);
});
