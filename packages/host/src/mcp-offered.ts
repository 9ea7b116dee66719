import { createHash } from 'node:crypto';
import {
  actionNames,
  CadreError,
  LIST_TOOLS,
  type PinnedTool,
  type ToolChange,
  toolChanges,
} from '@cadre/core';
import { failure, type Outcome } from '@cadre/sdk';
import { toolHash } from '@cadre/sdk/mcp-tool';
import type { CallAlone } from './call-alone.ts';
import type { ActionRunner } from './ports/action-runner.ts';
import type { AuditStore } from './ports/audit-store.ts';
import { lockFile, readListing, writeLock } from './workers/mcp-lock.ts';
import type { DeclaredServer, McpServers } from './workers/mcp-servers.ts';

/** What a server offers now, and how that differs from what was accepted. */
export interface McpOffered {
  /** Of all of it: who accepts this hash accepts what was shown, and nothing that came after. */
  readonly hash: string;
  readonly server: { readonly name: string; readonly version: string };
  readonly tools: readonly PinnedTool[];
  readonly changes: readonly ToolChange[];
}

/** More than people can read. */
const LARGEST_LISTING = 1_048_576;

/** Throws `not_found`, `invalid_manifest`, and `exists` where another worker has its name. */
export function findServer(
  servers: McpServers,
  workers: Pick<ActionRunner, 'list'>,
  name: string,
): DeclaredServer {
  const declared = servers.find(name);
  if (declared !== undefined) {
    const isIt = workers
      .list()
      .some(({ manifest, folder }) => manifest.id === name && folder === declared.worker.folder);
    if (isIt) return declared;
    throw new CadreError(
      'exists',
      `there is a worker ${name} already, which no MCP server can be instead of`,
      {
        hint: `give .cadre/mcp/${name}.yaml and the server in it another name`,
      },
    );
  }
  const found = servers.list().find((one) => one.name === name);
  if (found !== undefined && 'problems' in found) {
    const [problem] = found.problems;
    throw new CadreError('invalid_manifest', `${found.file}: ${problem?.message ?? 'it cannot be read'}`, {
      ...(problem?.suggestion === undefined ? {} : { hint: problem.suggestion }),
      details: found.problems,
    });
  }
  throw new CadreError('not_found', `there is no MCP server "${name}" in .cadre/mcp`, {
    hint: 'cadre mcp list',
  });
}

/** Asks a server for its tools, through the gate like every action. Throws like `findServer`. */
export async function askForTools(
  servers: McpServers,
  workers: Pick<ActionRunner, 'list'>,
  name: string,
  call: CallAlone,
): Promise<Outcome<McpOffered>> {
  const { lock } = findServer(servers, workers, name);
  const listed = await call(`${name}/${LIST_TOOLS}`, {});
  if (!listed.ok) return listed;
  const size = JSON.stringify(listed.output).length;
  const listing = size > LARGEST_LISTING ? undefined : readListing(listed.output);
  if (listing === undefined) {
    const message = `what the MCP server ${name} says of its tools cannot be used (${size} characters)`;
    return { ok: false, failure: failure('provider_failed', message) };
  }
  const names = actionNames(listing.tools.map((tool) => tool.name));
  const tools = listing.tools.map((tool) => ({
    action: names.get(tool.name) ?? '',
    hash: toolHash(tool),
    tool,
  }));
  return {
    ok: true,
    output: {
      server: listing.server,
      hash: hashOf(tools),
      tools,
      changes: toolChanges(lock?.tools ?? [], tools),
    },
  };
}

/** Notes in the repository what was accepted, and who did. Answers the file. */
export async function acceptOffered(
  workspace: string,
  name: string,
  { server, tools, hash, changes }: McpOffered,
  by: { readonly audit: AuditStore; readonly principal: string; readonly at: number },
): Promise<string> {
  const file = lockFile(workspace, name);
  await writeLock(file, { server, tools });
  await by.audit.append({
    at: by.at,
    principal: by.principal,
    worker: name,
    action: LIST_TOOLS,
    operation: 'accept',
    target: hash,
    decision: 'allowed',
    rule: 'a person accepted it',
    details: { changes: changes.map((one) => `${one.change} ${one.name}`) },
  });
  return file;
}

function hashOf(tools: readonly PinnedTool[]): string {
  const hashes = tools.map(({ hash }) => hash).sort();
  return `sha256:${createHash('sha256').update(hashes.join('\n')).digest('hex')}`;
}
