import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { validateSchema } from '../workflow/validate-schema.ts';
import { mcpServerSchema } from './mcp-server-schema.ts';
import { parseMcpServer } from './parse-mcp-server.ts';

const server = (spec: string) =>
  `apiVersion: cadre/v1\nkind: McpServer\nmetadata: { name: clock }\nspec: ${spec}\n`;

test('a server is a program, or an address', () => {
  const program = server(
    '{ command: node, args: [clock.mjs], env: { LEVEL: "3", API_KEY: "secret:CLOCK" } }',
  );
  expect(parseMcpServer(program)).toEqual({
    ok: true,
    server: {
      name: 'clock',
      reach: {
        kind: 'stdio',
        command: 'node',
        args: ['clock.mjs'],
        env: { LEVEL: '3', API_KEY: 'secret:CLOCK' },
      },
      permissions: [],
      timeout: '1m',
      effects: {},
    },
  });
  const address = server(
    '{ url: "https://tools.example.org/mcp", headers: { Authorization: "Bearer secret:T" } }',
  );
  expect(parseMcpServer(address)).toMatchObject({
    server: {
      reach: {
        kind: 'http',
        url: 'https://tools.example.org/mcp',
        headers: { Authorization: 'Bearer secret:T' },
      },
    },
  });
  for (const text of [program, address]) expect(validateSchema(mcpServerSchema(), parse(text))).toEqual([]);
});

test.each([
  ['neither', '{}', /exactly one of `command`, `url`/],
  ['both', '{ command: node, url: "http://a/" }', /exactly one of/],
  [
    'a key of the other kind',
    '{ url: "http://a/", args: [x] }',
    /`args` is for a server that is a program|is for a server/,
  ],
  ['a login in the address', '{ url: "https://ann:pass@a/" }', /expected an address/],
  ['an effect that there is not', '{ command: a, effects: { b: [raed] } }', /expected none, read/],
  ['signing in at a program', '{ command: a, auth: {} }', /`auth` is for a server that is reached/],
  ['signing in without https', '{ url: "http://a.example.org/", auth: {} }', /answers by https/],
  [
    'a secret of a client in the file',
    '{ url: "https://a/", auth: { clientSecret: abc } }',
    /expected a secret/,
  ],
  [
    'a secret whose receiver the server would name',
    '{ url: "https://a/", auth: { clientId: b, clientSecret: "secret:C" } }',
    /needs `clientId` and `issuer`/,
  ],
  [
    'a program that signs in as nobody',
    '{ url: "https://a/", auth: { grant: client_credentials } }',
    /client_credentials needs/,
  ],
  [
    'two ways of signing in',
    '{ url: "https://a/", auth: {}, headers: { authorization: "Bearer secret:T" } }',
    /makes the header authorization/,
  ],
  [
    'an issuer without https',
    '{ url: "https://a/", auth: { issuer: "http://b/" } }',
    /expected an https address/,
  ],
  ['a permission that is none', '{ command: a, permissions: ["fs:raed:."] }', /fs:raed/],
  ['a name of a program with blanks', '{ command: "node x.js" }', /expected a program/],
])('%s is refused with its place', (_what, spec, message) => {
  const parsed = parseMcpServer(server(spec));
  expect(parsed).toMatchObject({
    ok: false,
    problems: expect.arrayContaining([
      expect.objectContaining({ message: expect.stringMatching(message), position: expect.anything() }),
    ]),
  });
});

test('signing in is declared with what is known of the client', () => {
  const text = server(
    '{ url: "https://a.example.org/mcp", auth: { grant: client_credentials, issuer: "https://b.example.org", clientId: robot, clientSecret: "secret:R", scope: a b } }',
  );
  expect(parseMcpServer(text)).toMatchObject({
    server: {
      reach: {
        auth: {
          grant: 'client_credentials',
          issuer: 'https://b.example.org',
          clientId: 'robot',
          clientSecret: 'R',
          scope: 'a b',
        },
      },
    },
  });
  expect(validateSchema(mcpServerSchema(), parse(text))).toEqual([]);
  expect(parseMcpServer(server('{ url: "http://127.0.0.1:8080/mcp", auth: {} }'))).toMatchObject({
    server: { reach: { auth: { grant: 'authorization_code' } } },
  });
});

test.each(['API_KEY', 'GITHUB_TOKEN', 'apikey'])('a value of %s in the file itself is refused', (name) => {
  expect(parseMcpServer(server(`{ command: a, env: { ${name}: abc } }`))).toMatchObject({
    problems: [{ code: 'plain_secret', path: `spec.env.${name}`, suggestion: /secret:NAME/ }],
  });
  const header = parseMcpServer(server('{ url: "http://a/", headers: { Authorization: "Bearer abc" } }'));
  expect(header).toMatchObject({ problems: [{ code: 'plain_secret' }] });
});
