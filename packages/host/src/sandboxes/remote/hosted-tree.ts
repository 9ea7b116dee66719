import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '@cadre/sdk';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { ContentStore } from './content-store.ts';
import { hearChanges, receiveContents, wantedOf } from './exchange-changes.ts';
import { grantedWays } from './granted-ways.ts';
import { listTree, type TreeLimits } from './list-tree.ts';
import { placeChanges } from './place-changes.ts';
import type { Change, Entry, Start } from './remote-protocol.ts';
import { createStampMemory } from './stamp-memory.ts';
import { applyChanges, treeChanges } from './tree-changes.ts';

export interface HostedStores {
  /** Of what workers are made of: kept from one connection to the next. */
  readonly packages: ContentStore;
  /** Of what they were granted: gone with the connection. */
  readonly files: ContentStore;
}

/** Copies of what a program was granted elsewhere, in a folder of this machine. */
export interface HostedTree {
  /** Where here lies what it is to see at a path. */
  readonly sourceOf: (path: string) => string;
  /** Takes what changed on the other side. */
  receive(count: number, reader: ByteReader, writer: ByteWriter): Promise<void>;
  /** What the program changed since the other side last knew, of what it may write. */
  changes(): Promise<Outcome<readonly Change[]>>;
  /** The other side has these now. */
  given(changes: readonly Change[]): void;
  /** The folder below which each path lies. */
  readonly top: string;
}

/** More than any side asks for; so that a mistake there fills no disk here. */
const LIMITS: TreeLimits = { files: 1_000_000, bytes: 16 * 1024 ** 3 };
const NOTHING = createHash('sha256').digest('hex');

/**
 * The program may be at work in the copies at any time, so no link in them is ever followed; and nothing that the other side says
 * leads out of `top`.
 */
export async function openHostedTree(top: string, start: Start, stores: HostedStores): Promise<HostedTree> {
  const { readable, writable } = start.confinement;
  const { packages, caches } = start;
  const hidden = start.hidden.map(({ path }) => path);
  const ways = grantedWays({ readable, writable, hidden, packages, caches });
  const memory = createStampMemory();
  const base = new Map<string, Entry>();
  const own = new Set(start.own);
  const held = new Set([...readable, ...writable]);
  const storeOf = (path: string) => (isIn(path, packages) ? stores.packages : stores.files);
  const has = (hash: string) => stores.packages.has(hash) || stores.files.has(hash);
  const contentOf = (hash: string) =>
    (stores.packages.has(hash) ? stores.packages : stores.files).pathOf(hash);
  const placing = { top, contentOf, isHeld: (path: string) => held.has(path), makesWay: true };
  /** Of this the program can change nothing, so nobody looks there. */
  const fixed = [...readable, ...packages].filter((path) => !writable.includes(path));
  const written = grantedWays({
    readable: [],
    writable,
    hidden: [...hidden, ...fixed],
    packages: [],
    caches,
  });

  const check = ({ path }: Change) => {
    const way = ways.of(path);
    if (way === undefined || way === 'hidden' || ways.isCache(path))
      throw new Error(`${JSON.stringify(path)} was not granted`);
  };

  await mkdir(top, { recursive: true, mode: 0o700 });
  await stores.files.put(NOTHING, empty());
  await placeChanges(
    [
      ...start.hidden.map(({ path, kind }) =>
        kind === 'folder'
          ? ({ kind, path, mode: 0o700 } as const)
          : ({ kind, path, mode: 0o600, size: 0, hash: NOTHING } as const),
      ),
      ...[...caches, start.cwd].map((path) => ({ kind: 'folder', path, mode: 0o755 }) as const),
    ],
    placing,
  );

  return {
    sourceOf: (path) => (own.has(path) && !held.has(path) ? path : join(top, path)),
    async receive(count, reader, writer) {
      if (count > LIMITS.files) throw new Error(`more than ${LIMITS.files} files`);
      const changes = await hearChanges(count, reader, check);
      const bytes = changes.reduce((sum, one) => sum + (one.kind === 'file' ? one.size : 0), 0);
      if (bytes > LIMITS.bytes) throw new Error(`more than ${LIMITS.bytes} bytes`);
      const wanted = wantedOf(changes, has);
      await writer.line({ wanted });
      await receiveContents(changes, wanted, reader, storeOf);
      await placeChanges(changes, placing);
      applyChanges(base, changes);
      for (const one of changes) if (one.kind === 'file') await storeOf(one.path).touch(one.hash);
      if (wanted.length > 0) await stores.files.trim();
    },
    async changes() {
      const listed = await listTree({ top, ways: written, memory, limits: LIMITS, uncarried: 'fail' });
      if (!listed.ok) return listed;
      const before = new Map([...base].filter(([path]) => written.of(path) === 'writable'));
      return { ok: true, output: treeChanges(before, listed.output) };
    },
    given: (changes) => applyChanges(base, changes),
    top,
  };
}

function isIn(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

async function* empty(): AsyncGenerator<Buffer> {}
