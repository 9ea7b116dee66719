import { canonicalJson } from '@cadre/core';
import { failure, type JsonValue } from '@cadre/sdk';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { FailedReload, Reload } from '../ports/reloads.ts';
import type { DeclaredServer, LoadedServer } from './mcp-servers.ts';

/** Who uses the servers while their files change. */
export interface ServersInUse {
  readonly now: () => number;
  /** Ends the processes of what is used no more, each with its calls. */
  readonly retire: (worker: InstalledWorker) => Promise<void>;
  readonly told: (reload: Reload) => void;
}

/**
 * What is declared now in the place of what was.
 *
 * Invariants
 * 1. A declaration or a list of accepted tools that cannot be used takes nobody's place, and is told of once.
 * 2. Nothing is started to be tried: what a server may is asked for when it is called.
 */
export function takeOver(
  used: ReadonlyMap<string, LoadedServer>,
  found: readonly LoadedServer[],
  faults: Map<string, FailedReload>,
  { now, retire, told }: ServersInUse,
): ReadonlyMap<string, LoadedServer> {
  const next = new Map<string, LoadedServer>();
  for (const server of found) {
    const { name } = server;
    const before = declaredIn(used.get(name));
    if ('problems' in server) {
      const message = server.problems[0]?.message ?? 'it cannot be read';
      next.set(name, before === undefined ? server : { name, declared: before });
      if (faults.get(name)?.message === message) continue;
      const version = before === undefined ? {} : { version: before.worker.manifest.version };
      faults.set(name, { worker: name, at: now(), code: 'invalid_manifest', message, ...version });
      told({ kind: 'failed', worker: name, failure: failure('invalid_manifest', message), ...version });
      continue;
    }
    faults.delete(name);
    const isSame = before !== undefined && contentOf(before) === contentOf(server.declared);
    next.set(name, isSame ? { name, declared: before } : server);
    if (isSame) continue;
    if (before !== undefined) void retire(before.worker);
    const { version } = server.declared.worker.manifest;
    told({
      kind: 'reloaded',
      worker: name,
      version,
      ...(before === undefined ? {} : { before: before.worker.manifest.version }),
    });
  }
  for (const [name, server] of used) {
    if (next.has(name)) continue;
    faults.delete(name);
    const gone = declaredIn(server);
    if (gone === undefined) continue;
    void retire(gone.worker);
    told({ kind: 'unloaded', worker: name, version: gone.worker.manifest.version });
  }
  return next;
}

function declaredIn(server: LoadedServer | undefined): DeclaredServer | undefined {
  return server !== undefined && 'declared' in server ? server.declared : undefined;
}

function contentOf({ server, lock }: DeclaredServer): string {
  return canonicalJson({ server, ...(lock === undefined ? {} : { lock }) } as unknown as JsonValue);
}
