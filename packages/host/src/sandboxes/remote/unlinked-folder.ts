import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '@cadre/kit/files';

/**
 * A folder that is held, so that it stays the same one whatever somebody puts in its place meanwhile. What is done by `at` of it
 * is done in it and follows no link, as long as what is done does not follow the last name itself.
 */
export interface UnlinkedFolder {
  /** The path by which this process finds `name` in it. */
  at(name: string): string;
  /** The path by which this process lists it. */
  readonly itself: string;
  close(): Promise<void>;
}

const isLinux = process.platform === 'linux';
/** Only to hold it: it need not be readable. Node has no name for this number of Linux. */
const O_PATH = 0o10000000;
const FLAGS =
  (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0) | (isLinux ? O_PATH : constants.O_RDONLY);

/** Undefined when it is no folder: nothing, a file, or a link. */
export async function holdFolder(path: string): Promise<UnlinkedFolder | undefined> {
  if (!isLinux) return (await isFolder(path)) ? named(path) : undefined;
  try {
    return held(await open(path, FLAGS));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** Makes a folder where there is nothing, then goes into it. */
export async function makeFolder(around: UnlinkedFolder, name: string): Promise<UnlinkedFolder | undefined> {
  const found = await holdFolder(around.at(name));
  if (found !== undefined) return found;
  await mkdir(around.at(name)).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
  return holdFolder(around.at(name));
}

function held(handle: FileHandle): UnlinkedFolder {
  const itself = `/proc/self/fd/${handle.fd}`;
  return { itself, at: (name) => `${itself}/${name}`, close: () => handle.close() };
}

/**
 * Where the system has no such way to hold one. There nobody who is not trusted is at work in the tree: what comes from elsewhere is written by
 * this process alone, one thing after the other.
 */
function named(path: string): UnlinkedFolder {
  return { itself: path, at: (name) => join(path, name), close: async () => {} };
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}
