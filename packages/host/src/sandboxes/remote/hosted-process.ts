import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfinedProcess, Installation, Sandbox } from '../../ports/sandbox.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { type HostedProxy, openHostedProxy } from './hosted-proxy.ts';
import { type HostedStores, type HostedTree, openHostedTree } from './hosted-tree.ts';
import { MOST_START_BYTES, type Start, StartShape } from './remote-protocol.ts';

/** A program that somebody on another machine has started here. */
export interface HostedProcess {
  readonly id: string;
  readonly child: ConfinedProcess;
  readonly tree: HostedTree;
  readonly proxy: HostedProxy | undefined;
  /** When nothing is left of it. */
  readonly gone: ReturnType<typeof goneOf>;
}

export interface Hosting {
  readonly sandbox: Sandbox;
  readonly installation: Installation;
  readonly stores: HostedStores;
  /** Of this connection. */
  readonly folder: string;
}

/** Takes the files, then starts the program. Throws for what was not to be asked for, and as a sandbox does. */
export async function hostProcess(
  reader: ByteReader,
  writer: ByteWriter,
  { sandbox, installation, stores, folder }: Hosting,
): Promise<HostedProcess> {
  const start = StartShape.parse(JSON.parse(await reader.line(MOST_START_BYTES)));
  for (const path of start.own)
    if (!isOurs(path, installation)) throw new Error(`${path} is not part of Cadre`);
  const id = randomUUID();
  const top = join(folder, id);
  let proxy: HostedProxy | undefined;
  const remove = async () => {
    await proxy?.close();
    await rm(top, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const tree = await openHostedTree(top, start, stores);
    await tree.receive(start.entries, reader, writer);
    proxy = start.hasProxy ? await openHostedProxy() : undefined;
    const child = await sandbox.start(start.command, optionsOf(start, tree, proxy));
    return { id, child, tree, proxy, gone: goneOf(child, remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function goneOf(child: ConfinedProcess, remove: () => Promise<void>) {
  const end = await child.ended;
  await remove().catch(() => {});
  return end;
}

function optionsOf(start: Start, { sourceOf }: HostedTree, proxy: HostedProxy | undefined) {
  const { confinement, hidden, cwd, env, own, packages, gitSettings, limits, most } = start;
  return {
    confinement: { ...confinement, hidden: hidden.map(({ path }) => path) },
    cwd,
    env,
    installed: [...own, ...packages],
    most,
    sourceOf,
    gitSettings,
    ...(limits === undefined ? {} : { limits }),
    ...(proxy === undefined ? {} : { proxySocket: proxy.socket }),
  };
}

function isOurs(path: string, { node, dist, libraries }: Installation): boolean {
  return path === node || path === dist || path.startsWith(`${dist}/`) || libraries.includes(path);
}
