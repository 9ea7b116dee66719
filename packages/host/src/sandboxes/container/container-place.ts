import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning, processSpace, processStart } from '@cadre/kit/files';
import { type Engine, runEngine } from './engine.ts';

const FOLDER = /^cadre-containers-(\d+)-(\d*)-/;

/** Who sees the same processes; only they can tell which have died. */
const SPACE = 'cadre.space';

/** Of containers: the process that started it, and when that began; to be told apart by what follows. */
const NAME = /^cadre-(\d+)-(\d*)-/;

/** What this process keeps on disk for its containers, and how others know them. */
export interface ContainerPlace {
  readonly labels: Readonly<Record<string, string>>;
  /** For a container that is about to be started. */
  newName(): string;
  readonly empty: string;
  /** A file with this content, the same one each time; everybody may read it. */
  keep(content: Uint8Array | string): Promise<string>;
  /** A folder for one container. */
  folderFor(name: string): Promise<string>;
}

/** Of all places of this process. */
let names = 0;

/**
 * Invariants
 * 1. Nobody else can reach anything in it, but what is mounted into a container.
 * 2. It goes with this process; what one that was killed has left goes when the next one opens its own.
 */
export async function openContainerPlace(): Promise<ContainerPlace> {
  const started = await processStart(process.pid);
  const root = mkdtempSync(join(tmpdir(), `cadre-containers-${process.pid}-${started}-`));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  const empty = join(root, 'empty');
  await mkdir(empty, { mode: 0o555 });
  const kept = new Map<string, Promise<string>>();
  const write = async (file: string, content: Uint8Array | string): Promise<string> => {
    await writeFile(file, content, { mode: 0o644 });
    // Whatever the mask of this process is.
    await chmod(file, 0o644);
    return file;
  };
  return {
    labels: { [SPACE]: await processSpace() },
    newName: () => `cadre-${process.pid}-${started}-${++names}`,
    empty,
    keep(content) {
      const digest = createHash('sha256').update(content).digest('hex');
      const known = kept.get(digest);
      if (known !== undefined) return known;
      const written = write(join(root, digest), content);
      kept.set(digest, written);
      // What could not be written now may be later.
      written.catch(() => kept.delete(digest));
      return written;
    },
    async folderFor(name) {
      const folder = join(root, name);
      await mkdir(folder, { mode: 0o700 });
      return folder;
    },
  };
}

/** A file that its owner alone may read: ours, or whoever the program runs as. */
export async function writeFor(
  owner: { readonly uid: number; readonly gid: number } | undefined,
  file: string,
  content: string,
): Promise<void> {
  await writeFile(file, content, { mode: 0o600 });
  if (owner !== undefined) await chown(file, owner.uid, owner.gid);
}

/** Ends and removes containers, and folders, of processes that have died before they could. */
export async function sweepContainers(engine: Engine): Promise<void> {
  const space = await processSpace();
  const filter = ['--filter', `label=${SPACE}=${space}`, '--format', '{{.Names}}'];
  const listed = await runEngine(engine, ['ps', '--all', ...filter]);
  for (const name of listed.stdout.split('\n')) {
    const [, pid, start = ''] = NAME.exec(name) ?? [];
    if (pid !== undefined && !(await isRunning(Number(pid), start))) await removeContainer(engine, name);
  }
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const [, pid, start = ''] = FOLDER.exec(name) ?? [];
    if (pid !== undefined && !(await isRunning(Number(pid), start)))
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
  }
}

export async function removeContainer(engine: Engine, name: string): Promise<void> {
  await runEngine(engine, removing(engine, name));
}

/** Podman would first wait for ten seconds. */
export function removing({ kind }: Pick<Engine, 'kind'>, name: string): readonly string[] {
  return ['rm', '--force', ...(kind === 'podman' ? ['--time', '0'] : []), name];
}
