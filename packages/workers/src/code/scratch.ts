import { lstat, mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isInside } from '@cadre/kit/files';
import type { ActionContext } from '@cadre/sdk';
import { inParallel } from './in-parallel.ts';

/**
 * A copy of a part of the workspace in which tools may write. A file is copied when a tool needs it or when it changes;
 * in a repository of 1,000 files where nothing is to be done, copying all of them took most of the time.
 * Invariants:
 * 1. Nothing that happens here changes the workspace, except inside the linked folders of installed packages.
 * 2. A file of the copy stands at the path that it has in the workspace, so that settings are found as there.
 * 3. What a link in the workspace leads to outside is never copied.
 */
export interface Scratch {
  /** Absolute and real. */
  readonly root: string;
  /** For tools: plain output, and caches that are gone with the copy. */
  readonly env: Readonly<Record<string, string>>;
  /** The file here, or in the workspace as long as there is none here. */
  read(path: string): Promise<Buffer>;
  /** Whether the file is here, so that it may differ from that of the workspace. */
  has(path: string): boolean;
  write(path: string, content: Uint8Array, mode?: number): Promise<void>;
  /** Copies what tools read besides the sources: settings in and above the given folders; installed packages as links. */
  addSettings(folders: Iterable<string>): Promise<void>;
  /** Copies more files, as far as they are not there yet. */
  addFiles(paths: readonly string[]): Promise<void>;
}

const AT_ONCE = 32;
/** Settings and sources are small; what is larger is data that no formatter reads. */
const MAX_BYTES = 1024 * 1024;
const INSTALLED = ['node_modules', '.venv', 'venv'];
const SETTINGS =
  /^\.|\.(json|jsonc|json5|toml|cfg|ini|ya?ml)$|\.config\.|rc\.\w+$|^(go\.mod|go\.work|Makefile)$/;
/** Environment files hold secrets, and no formatter reads them; `.git` is a file in linked work trees. */
const NEVER = /^\.(env|git$)/;

export async function openScratch(context: ActionContext, workspace: string): Promise<Scratch> {
  const folder = await realpath(await context.tempDir());
  const root = join(folder, 'tree');
  // Tools look upwards for settings until they meet a repository.
  await mkdir(join(root, '.git'), { recursive: true });
  const there = new Set<string>();
  const made = new Set<string>();

  const write = async (path: string, content: Uint8Array, mode?: number) => {
    const target = join(root, path);
    const parent = dirname(target);
    if (!made.has(parent)) await mkdir(parent, { recursive: true });
    made.add(parent);
    there.add(path);
    // Tools must be able to write it, whatever the original permits.
    await writeFile(target, content, mode === undefined ? {} : { mode: mode | 0o600 });
  };
  const copy = async (path: string) => {
    if (there.has(path)) return;
    const real = await realpath(join(workspace, path)).catch(() => undefined);
    if (real === undefined || !isInside(workspace, real)) return;
    const found = await lstat(real);
    if (found.isFile() && found.size <= MAX_BYTES)
      await write(path, await readFile(real), found.mode & 0o777);
  };
  const addFiles = async (paths: readonly string[]) => {
    await inParallel(paths, AT_ONCE, copy);
  };

  return {
    root,
    env: {
      NO_COLOR: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONUTF8: '1',
      XDG_CACHE_HOME: join(folder, 'cache'),
    },
    // A file that is gone meanwhile reads as empty; when it comes to writing it is found to be changed.
    read: (path) => readFile(join(there.has(path) ? root : workspace, path)).catch(() => Buffer.alloc(0)),
    has: (path) => there.has(path),
    write,
    addFiles,
    async addSettings(folders) {
      for (const path of withParents(folders)) {
        const entries = await readdir(join(workspace, path)).catch(() => []);
        const inside = (name: string) => (path === '' ? name : `${path}/${name}`);
        await addFiles(entries.filter((name) => SETTINGS.test(name) && !NEVER.test(name)).map(inside));
        for (const name of entries.filter((entry) => INSTALLED.includes(entry))) {
          await mkdir(join(root, path), { recursive: true });
          await symlink(join(workspace, path, name), join(root, path, name));
        }
      }
    },
  };
}

/** The folder of a path and all above it, nearest first; the workspace is the empty text. */
export function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), ''];
}

function withParents(folders: Iterable<string>): ReadonlySet<string> {
  return new Set(
    [...folders].flatMap((folder) => (folder === '' ? [''] : [folder, ...foldersAbove(folder)])),
  );
}
