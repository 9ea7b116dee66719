import type { ActionManifest, EffectClass, JsonObject, Manifest } from '@cadre/sdk';
import { loginSecret } from '../policy/login-secret.ts';
import { parsePermission } from '../policy/permission.ts';
import { plainText } from '../policy/plain-text.ts';
import { sha256 } from '../sha256.ts';
import { parseDuration } from '../time.ts';
import { LIST_TOOLS } from './action-names.ts';
import type { McpServer, PinnedTool } from './mcp-server.ts';
import { namesOfSecrets } from './secret-names.ts';
import { withoutPatterns } from './without-patterns.ts';

/** Kept short: it comes from a server that is not trusted, and stands in lists. */
const LONGEST_DESCRIPTION = 2_000;

/** Content as the protocol has it, its text by itself, and what the sandboxed client found to fit the tool's own schema. */
const OUTPUT: JsonObject = {
  type: 'object',
  required: ['text', 'content'],
  properties: {
    text: { type: 'string', description: 'All text of the answer' },
    content: { type: 'array', items: { type: 'object', required: ['type'] } },
    structured: {},
  },
};

/** Starting a server, greeting it and signing in come before what its own limit is of. */
const BEGINNING_MS = 30_000;

/** The bridge keeps the limit of the server itself, and says where it is set; this one is of the call as a whole. */
function wholeLimit({ timeout }: McpServer): string {
  return `${(parseDuration(timeout) ?? 0) + BEGINNING_MS}ms`;
}

/** The worker that a server is, with the tools that were accepted as its actions. */
export function mcpManifest(server: McpServer, pinned: readonly PinnedTool[]): Manifest {
  const permissions = permissionsOf(server);
  const { reach, name, description = `The MCP server ${name}` } = server;
  const preview = previewOf(server);
  const timeout = wholeLimit(server);
  return {
    id: name,
    version: versionOf(pinned),
    description,
    capabilities: ['actions'],
    permissions,
    entrypoint: 'main.js',
    actions: [
      {
        name: LIST_TOOLS,
        description: 'What tools the server offers now, accepted or not',
        effects: ['read'],
        input: { type: 'object', additionalProperties: false },
        output: { type: 'object', required: ['server', 'tools'] },
        timeout,
      },
      ...pinned.map((one): ActionManifest => {
        const effects = effectsOf(server, one);
        const isChange = effects.some((effect) => effect !== 'none' && effect !== 'read');
        return {
          name: one.action,
          ...(one.tool.title === undefined ? {} : { title: shown(one.tool.title) }),
          description: shown(one.tool.description ?? one.tool.name),
          effects,
          input: { ...withoutPatterns(one.tool.inputSchema), type: 'object' },
          output: OUTPUT,
          timeout,
          ...(isChange ? preview : {}),
        };
      }),
    ],
    ...(reach.kind === 'http'
      ? {}
      : { programs: [{ program: programOf(reach.command), purpose: description }] }),
    secrets: secretsOf(server).map((secret) => ({ name: secret, purpose: description })),
  };
}

/** `./bin/server` is asked for as `server`. */
export function programOf(command: string): string {
  return command.split('/').at(-1) ?? command;
}

function permissionsOf(server: McpServer): readonly string[] {
  const { reach } = server;
  const own = reach.kind === 'stdio' ? `shell:${programOf(reach.command)}` : `net:${hostOf(reach.url)}`;
  return [...new Set([own, ...secretPermissions(server), ...server.permissions])];
}

/** A program gets its secrets; into requests they are put for the host that they are for, and nobody else has them. */
function secretPermissions(server: McpServer): readonly string[] {
  const { reach, name } = server;
  const secrets = secretsOf(server).map((secret) => `secret:${secret}`);
  if (reach.kind === 'stdio') return secrets;
  const host = hostOf(reach.url);
  const { auth } = reach;
  return [
    ...secrets.map((secret) => `${secret}@${host}`),
    ...(auth === undefined ? [] : [`secret:${loginSecret(name)}@${host}`]),
    ...(auth?.clientSecret === undefined ? [] : [`secret:${auth.clientSecret}@${hostOf(auth.issuer ?? '')}`]),
  ];
}

function secretsOf({ reach }: McpServer): readonly string[] {
  return namesOfSecrets(Object.values(reach.kind === 'stdio' ? reach.env : reach.headers));
}

function hostOf(url: string): string {
  const [, scheme, host = '', port] = /^(https?):\/\/(\[[^\]]+\]|[^/:]+)(?::(\d+))?/.exec(url) ?? [];
  return `${host.toLowerCase()}:${port ?? (scheme === 'http' ? 80 : 443)}`;
}

/**
 * What a tool may do follows from what the system lets it do, and not from what it says: its hints may add to that and
 * never take from it. Only the person who declares the server may.
 */
function effectsOf(server: McpServer, { tool }: PinnedTool): readonly EffectClass[] {
  const said = server.effects[tool.name];
  if (said !== undefined) return said;
  const types = permissionsOf(server).flatMap((text) => {
    const parsed = parsePermission(text);
    return parsed.ok ? [parsed.permission.type] : [];
  });
  const harmful = tool.annotations?.['destructiveHint'] === true;
  const effects: readonly (readonly [EffectClass, boolean])[] = [
    ['read', true],
    ['write', types.includes('fs:write') || types.includes('net')],
    ['delete', harmful || types.includes('fs:write') || types.includes('net')],
    ['publish', types.includes('net')],
    ['send', types.includes('net')],
    ['device', types.includes('device')],
    ['elevated', types.includes('elevated')],
  ];
  return effects.flatMap(([effect, is]) => (is ? [effect] : []));
}

/** Without network and secrets it can work on a copy of the workspace, which shows what it would do. */
function previewOf(server: McpServer): Pick<ActionManifest, 'preview'> {
  const reaches = permissionsOf(server).some((text) => /^(net|secret):/.test(text));
  return reaches ? {} : { preview: 'scratch' };
}

/** It changes when what was accepted does, so that no result of an earlier tool is taken for one of it. */
function versionOf(pinned: readonly PinnedTool[]): string {
  if (pinned.length === 0) return '1.0.0';
  return `1.0.0+${sha256(pinned.map(({ hash }) => hash).join('\n')).slice(0, 12)}`;
}

/** As data: whatever it holds is text, and what cannot be seen is shown. */
function shown(text: string): string {
  const lines = text.slice(0, LONGEST_DESCRIPTION).split('\n').map(plainText).join('\n').trim();
  return lines === '' ? 'no description' : lines;
}
