import { EFFECT_CLASSES } from '@cadre/sdk';
import { list, object, oneOf, record, text, withOneOf } from '../workflow/shape.ts';
import * as values from '../workflow/values.ts';

const anyText = text('a text', () => true);

const variable = text('a name of a variable such as API_URL', (value) => /^[A-Za-z_]\w{0,99}$/.test(value));

const header = text('the name of a header such as Authorization', (value) =>
  /^[A-Za-z0-9-]{1,100}$/.test(value),
);

const auth = object({
  grant: [
    oneOf('authorization_code', 'client_credentials'),
    'Who signs in: a person (the default), or a program',
  ],
  issuer: [
    text('an https address such as https://auth.example.org', isSecureAddress),
    'The only authorization server that is used',
  ],
  clientId: [
    text('an id of a client, of visible characters', (value) => /^[\x21-\x7e]{1,500}$/.test(value)),
    'The client that was registered there',
  ],
  clientSecret: [
    text('a secret, written secret:NAME', (value) => SECRET.test(value)),
    'Its secret, written secret:NAME',
  ],
  clientMetadata: [
    text('an https address with a path', (value) => /^https:\/\/[^/\s?#]+\/[^\s#]+$/.test(value)),
    'Address of a client id metadata document, where one is not registered',
  ],
  scope: [
    text('scopes with blanks between them', (value) =>
      /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(value),
    ),
    'What to ask for; default: what the server says',
  ],
});

const spec = withOneOf(
  object(
    {
      command: [
        text('a program, or a path within the workspace', (value) => /^[^\s\p{C}]+$/u.test(value)),
        'The program that is the server, which speaks on its standard input and output',
      ],
      args: [list(anyText), 'Its arguments'],
      env: [record(anyText, variable), 'Its variables; a secret is written secret:NAME'],
      url: [text('an address such as https://tools.example.org/mcp', isAddress), 'Where the server answers'],
      headers: [record(anyText, header), 'Headers of each request; a secret is written secret:NAME'],
      auth: [auth, 'Signing in with OAuth: `{}` when a person does'],
      permissions: [
        list(values.permission),
        'What it may do besides, such as fs:read:docs or net:api.example.org:443',
      ],
      timeout: [values.duration, 'How long a call may take (1m)'],
      effects: [
        record(list(oneOf(...EFFECT_CLASSES), 1)),
        'What a tool really does, by its name, where you know it: [read]',
      ],
    },
    [],
  ),
  'command',
  'url',
);

const metadata = object(
  {
    name: [
      text('a name of 2 to 50 lower-case letters, digits and dashes', (value) =>
        /^(?!cadre-)[a-z][a-z0-9-]{1,49}$/.test(value),
      ),
      'The worker that the server becomes; the same as the name of the file',
    ],
    description: [text('a text'), 'What it is for'],
  },
  ['name'],
);

/** A whole document of an MCP server. */
export const MCP_SERVER_DOCUMENT = object(
  {
    apiVersion: [oneOf('cadre/v1'), 'The version of the language'],
    kind: [oneOf('McpServer'), 'What this document describes'],
    metadata: [metadata, 'Its name'],
    spec: [spec, 'The server'],
  },
  ['apiVersion', 'kind', 'metadata', 'spec'],
);

const SECRET = /^secret:[A-Za-z_]\w{0,63}$/;

/** https, or this machine. */
function isSecureAddress(value: string): boolean {
  return (
    isAddress(value) &&
    (value.startsWith('https:') || /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/.test(value))
  );
}

/** Without a login in it: secrets never stand in addresses. */
function isAddress(value: string): boolean {
  return /^https?:\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?(\/[^\s#]*)?$/.test(value);
}
