import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import {
  canonicalJson,
  isCadreError,
  loginSecret,
  type McpServer,
  mcpManifest,
  type PinnedTool,
  type Problem,
  parseDuration,
  parseMcpServer,
} from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { FailedReload } from '../ports/reloads.ts';
import { type ServersInUse, takeOver } from './live-servers.ts';
import { lockFile, type McpLock, readLock } from './mcp-lock.ts';

/** A declared server that can be used. */
export interface DeclaredServer {
  readonly server: McpServer;
  readonly lock: McpLock | undefined;
  /** The worker that it is: in front of it stands a program of ours, which speaks both protocols. */
  readonly worker: InstalledWorker;
  /** What that program is told. */
  readonly settings: JsonObject;
}

export type LoadedServer =
  | { readonly name: string; readonly declared: DeclaredServer }
  | { readonly name: string; readonly file: string; readonly problems: readonly Problem[] };

export interface McpServers {
  /** All that are declared in the workspace, by name. Read when it is first asked for. */
  list(): readonly LoadedServer[];
  find(name: string): DeclaredServer | undefined;
  /** Looks at what is declared now, and takes over what changed and can be used. */
  look(inUse: ServersInUse): void;
  /** What could not be taken over. */
  failed(): readonly FailedReload[];
}

const EXTENSIONS = ['.yaml', '.yml', '.json'];
const MAX_BYTES = 256 * 1024;
const DEFAULT_MS = 60_000;

/** The MCP servers that are declared in `.cadre/mcp`; `bridge` is the folder of the program in front of them. */
export function openMcpServers(workspace: string, bridge: string): McpServers {
  const load = () =>
    filesIn(join(workspace, '.cadre/mcp')).map((file) => loadServer(file, workspace, bridge));
  const faults = new Map<string, FailedReload>();
  let loaded: ReadonlyMap<string, LoadedServer> | undefined;
  const used = () => {
    loaded ??= new Map(load().map((server) => [server.name, server]));
    return loaded;
  };
  return {
    list: () => [...used().values()],
    find(name) {
      const found = used().get(name);
      return found !== undefined && 'declared' in found ? found.declared : undefined;
    },
    look(inUse) {
      loaded = takeOver(used(), load(), faults, inUse);
    },
    failed: () => [...faults.values()],
  };
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => EXTENSIONS.includes(extname(name)) && !name.endsWith('.lock.json'))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    // No such folder: none is declared.
    return [];
  }
}

function loadServer(file: string, workspace: string, bridge: string): LoadedServer {
  const name = basename(file, extname(file));
  try {
    if (statSync(file).size > MAX_BYTES) return broken(name, file, `it has more than ${MAX_BYTES} bytes`);
    const parsed = parseMcpServer(readFileSync(file, 'utf8'), { file });
    if (!parsed.ok) return { name, file, problems: parsed.problems };
    const { server } = parsed;
    if (server.name !== name) return broken(name, file, `it is called ${server.name} in the file`);
    const lock = readLock(lockFile(workspace, name));
    return { name, declared: declaredServer(server, lock, bridge) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return broken(name, file, message, isCadreError(error) ? error.hint : undefined);
  }
}

function broken(name: string, file: string, message: string, suggestion?: string): LoadedServer {
  const problem = { severity: 'error', code: 'invalid_manifest', message, path: '' } as const;
  return { name, file, problems: [{ ...problem, ...(suggestion === undefined ? {} : { suggestion }) }] };
}

function declaredServer(server: McpServer, lock: McpLock | undefined, bridge: string): DeclaredServer {
  const pinned = lock?.tools ?? [];
  const manifest = mcpManifest(server, pinned);
  const requestMs = parseDuration(server.timeout) ?? DEFAULT_MS;
  return {
    server,
    lock,
    worker: {
      manifest,
      hash: hashOf(server),
      folder: bridge,
      builtIn: false,
      requestMs,
      arguments: [server.name, ...manifest.actions.map(({ name }) => name)],
    },
    settings: settingsOf(server, pinned),
  };
}

/**
 * Grants hold for the declaration. What they allow does not change with what the server says of its tools: that is asked for
 * by itself, when tools are accepted.
 */
function hashOf({ description: _, ...server }: McpServer): string {
  return createHash('sha256')
    .update(canonicalJson(server as unknown as JsonValue))
    .digest('hex');
}

function settingsOf({ name, reach, timeout }: McpServer, pinned: readonly PinnedTool[]): JsonObject {
  const { auth, ...how } = reach.kind === 'http' ? reach : { ...reach, auth: undefined };
  const pins = pinned.map(({ action, hash, tool }) => [action, { tool: tool.name, hash }] as const);
  return {
    reach: how as unknown as JsonValue,
    // The name of the secret alone: what it holds is put into requests outside.
    ...(auth === undefined ? {} : { login: loginSecret(name) }),
    timeoutMs: parseDuration(timeout) ?? DEFAULT_MS,
    pins: Object.fromEntries(pins),
  };
}
