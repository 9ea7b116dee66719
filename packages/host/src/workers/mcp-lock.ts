import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CadreError, type PinnedTool } from '@cadre/core';
import { writeAtomic } from '@cadre/kit/files';
import type { JsonValue } from '@cadre/sdk';
import { pinnedPart, toolHash } from '@cadre/sdk/mcp-tool';
import { z } from 'zod';

/** Which tools of a server were accepted, as they were then. It stands beside its declaration, in the repository. */
export interface McpLock {
  /** What the server called itself. It may call itself anything. */
  readonly server: { readonly name: string; readonly version: string };
  readonly tools: readonly PinnedTool[];
}

const schema = z.record(z.string(), z.json());

const server = z.strictObject({ name: z.string(), version: z.string() });

const tool = z.strictObject({
  name: z.string().min(1).max(200),
  title: z.string().exactOptional(),
  description: z.string().exactOptional(),
  inputSchema: schema,
  outputSchema: schema.exactOptional(),
  annotations: schema.exactOptional(),
});

const shape = z.strictObject({
  lockVersion: z.literal(1),
  server,
  tools: z.array(
    z.strictObject({
      action: z.string().regex(/^[a-z][a-z0-9-]{0,49}$/),
      hash: z.string(),
      tool,
    }),
  ),
});

const listing = z.strictObject({ server, tools: z.array(tool) });

/** What a server said of its tools; undefined when that is not what the protocol lets it say. */
export function readListing(
  value: JsonValue,
): { readonly server: McpLock['server']; readonly tools: readonly PinnedTool['tool'][] } | undefined {
  const parsed = listing.safeParse(value);
  return parsed.success ? (parsed.data as ReturnType<typeof readListing>) : undefined;
}

export function lockFile(workspace: string, name: string): string {
  return join(workspace, '.cadre/mcp', `${name}.lock.json`);
}

/** Undefined: nothing was accepted. Throws `invalid_manifest` for a file that nobody can have accepted. */
export function readLock(path: string): McpLock | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  const parsed = shape.safeParse(jsonOf(text));
  const forged = parsed.data?.tools.find(({ tool, hash }) => toolHash(tool as PinnedTool['tool']) !== hash);
  if (parsed.success && forged === undefined) return parsed.data as McpLock;
  const why = parsed.error?.issues[0]?.message ?? `the tool ${forged?.tool.name} is not what its hash says`;
  throw new CadreError('invalid_manifest', `${path} is no list of accepted tools: ${why}`, {
    hint: 'put back what was committed, or remove the file and accept the tools again: cadre mcp accept',
  });
}

export async function writeLock(path: string, { server, tools }: McpLock): Promise<void> {
  const sorted = tools
    .map(({ action, hash, tool }) => ({ action, hash, tool: pinnedPart(tool) }))
    .sort((one, other) => (one.tool.name < other.tool.name ? -1 : 1));
  await writeAtomic(path, `${JSON.stringify({ lockVersion: 1, server, tools: sorted }, undefined, 2)}\n`);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
