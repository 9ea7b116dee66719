import type { EffectClass } from '@cadre/sdk';
import type { Path } from '../workflow/path.ts';
import { problemsOfFaults } from '../workflow/problems-of-faults.ts';
import { readDocument } from '../workflow/read-document.ts';
import type { Fault } from '../workflow/shape.ts';
import type { Problem } from '../workflow/workflow.ts';
import type { McpReach, McpServer } from './mcp-server.ts';
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
  const other = spec.command === undefined ? (['args', 'env'] as const) : (['headers'] as const);
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
  ];
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
}: McpServerDocument['spec']): McpReach {
  return command === undefined ? { kind: 'http', url, headers } : { kind: 'stdio', command, args, env };
}
