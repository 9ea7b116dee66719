import type { EffectClass } from '@cadre/sdk';
import { isThisMachine } from '../policy/address.ts';
import type { Path } from '../workflow/path.ts';
import { problemsOfFaults } from '../workflow/problems-of-faults.ts';
import { readDocument } from '../workflow/read-document.ts';
import type { Fault } from '../workflow/shape.ts';
import type { Problem } from '../workflow/workflow.ts';
import type { McpAuth, McpReach, McpServer } from './mcp-server.ts';
import { MCP_SERVER_DOCUMENT } from './mcp-server-shape.ts';
import { namesOfSecrets } from './secret-names.ts';

export type ParsedMcpServer =
  | { readonly ok: true; readonly server: McpServer }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A document that `MCP_SERVER_DOCUMENT` has let through. */
interface McpServerDocument {
  readonly metadata: { readonly name: string; readonly description?: string };
  readonly spec: {
    readonly command?: string;
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly url?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly auth?: Partial<McpAuth>;
    readonly permissions?: readonly string[];
    readonly timeout?: string;
    readonly effects?: Readonly<Record<string, readonly EffectClass[]>>;
  };
}

const TIMEOUT = '1m';

/** What is called so holds what nobody shall read in a file of the repository. */
const SECRET_NAME = /(token|secret|passw|authorization|credential|api-?_?key|cookie)/i;

/** An MCP server of a YAML or JSON text. Never throws. */
export function parseMcpServer(text: string, options: { readonly file?: string } = {}): ParsedMcpServer {
  const read = readDocument(text, options.file ?? 'the document');
  if (!read.ok) return read;
  const faults: Fault[] = [];
  MCP_SERVER_DOCUMENT.check(read.value, [], (fault) => void faults.push(fault));
  const document = read.value as unknown as McpServerDocument;
  if (faults.length === 0) faults.push(...faultsOfMeaning(document.spec));
  if (faults.length > 0) return { ok: false, problems: problemsOfFaults(faults, read) };
  return { ok: true, server: compile(document) };
}

function faultsOfMeaning(spec: McpServerDocument['spec']): readonly Fault[] {
  const other = spec.command === undefined ? (['args', 'env'] as const) : (['headers', 'auth'] as const);
  const misplaced = other.flatMap((key): readonly Fault[] =>
    spec[key] === undefined
      ? []
      : [
          {
            code: 'unknown_key',
            message: `\`${key}\` is for a server that is ${spec.command === undefined ? 'a program' : 'reached by an address'}`,
            path: ['spec', key],
            atKey: true,
          },
        ],
  );
  return [
    ...misplaced,
    ...plainSecrets(spec.env, ['spec', 'env']),
    ...plainSecrets(spec.headers, ['spec', 'headers']),
    ...(spec.auth === undefined || spec.url === undefined ? [] : faultsOfAuth(spec.auth, spec)),
  ];
}

function faultsOfAuth(
  { grant, clientId, clientSecret, issuer }: Partial<McpAuth>,
  { url = '', headers = {} }: McpServerDocument['spec'],
): readonly Fault[] {
  const fault = (message: string, key?: string, suggestion?: string): Fault => ({
    code: 'wrong_value',
    message,
    path: ['spec', 'auth', ...(key === undefined ? [] : [key])],
    ...(suggestion === undefined ? {} : { suggestion }),
  });
  const isProgram = grant === 'client_credentials';
  const signed = Object.keys(headers).find((name) => name.toLowerCase() === 'authorization');
  return [
    ...(url.startsWith('https:') || isThisMachine(hostOf(url))
      ? []
      : [fault('signing in needs a server that answers by https')]),
    ...(signed === undefined
      ? []
      : [fault(`\`auth\` makes the header ${signed}, which stands there as well`)]),
    ...(isProgram && (clientId === undefined || clientSecret === undefined)
      ? [fault('client_credentials needs `clientId` and `clientSecret`', 'grant')]
      : []),
    ...(clientSecret !== undefined && (clientId === undefined || issuer === undefined)
      ? [
          fault(
            'a `clientSecret` needs `clientId` and `issuer`',
            'clientSecret',
            'name the issuer: else the server could say who gets the secret',
          ),
        ]
      : []),
  ];
}

function hostOf(url: string): string {
  return /^https?:\/\/(\[[^\]]+\]|[^/:]+)/.exec(url)?.[1] ?? '';
}

function plainSecrets(values: Readonly<Record<string, string>> = {}, path: Path): readonly Fault[] {
  return Object.entries(values).flatMap(([name, value]) =>
    SECRET_NAME.test(name) && value !== '' && namesOfSecrets([value]).length === 0
      ? [
          {
            code: 'plain_secret',
            message: `${name} looks like a secret, which does not belong into a file`,
            path: [...path, name],
            suggestion: `write secret:NAME, and give the secret NAME its value`,
          },
        ]
      : [],
  );
}

function compile({ metadata, spec }: McpServerDocument): McpServer {
  const { permissions = [], timeout = TIMEOUT, effects = {} } = spec;
  return { ...metadata, reach: reachOf(spec), permissions, timeout, effects };
}

function reachOf({
  command,
  args = [],
  env = {},
  url = '',
  headers = {},
  auth,
}: McpServerDocument['spec']): McpReach {
  if (command !== undefined) return { kind: 'stdio', command, args, env };
  return { kind: 'http', url, headers, ...(auth === undefined ? {} : { auth: authOf(auth) }) };
}

function authOf({ grant = 'authorization_code', clientSecret, ...auth }: Partial<McpAuth>): McpAuth {
  const secret = clientSecret?.slice('secret:'.length);
  return { grant, ...auth, ...(secret === undefined ? {} : { clientSecret: secret }) };
}
