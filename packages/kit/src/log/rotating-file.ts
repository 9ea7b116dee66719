import { appendFileSync, type Stats } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isKitError } from '../error.ts';
import { lock } from '../files/lock.ts';
import { systemCode } from '../files/system-fault.ts';

const LOCK_WAIT_MS = 2_000;

export interface RotatingFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** Files in all: `log`, `log.1` … `log.4` for 5. */
  readonly keep: number;
  /** Told once, when the file cannot be written; nothing is written from then on. */
  readonly onFailure: (error: unknown) => void;
}

export interface RotatingFile {
  /** Takes whole lines. */
  write(text: string): void;
  /** When it resolves, everything that was taken is with the system or was given up. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A file that several processes append to and that is renamed when it is full.
 * Invariants:
 * 1. A batch of whole lines is one append, so that lines of two processes never mix.
 * 2. Files are renamed under a lock, and only when the file is still full once the lock is held.
 * 3. No line is lost by rotation: who still holds a renamed file appends to that one, once.
 * 4. A process that exits without closing has written what it took.
 */
export function createRotatingFile(options: RotatingFileOptions): RotatingFile {
  const { path, onFailure } = options;
  let waiting = '';
  let handle: FileHandle | undefined;
  let working: Promise<void> | undefined;
  let broken = false;

  const fail = (error: unknown) => {
    broken = true;
    waiting = '';
    onFailure(error);
  };
  const drain = async () => {
    // The lines of one turn of the event loop make one append.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting !== '') {
      const batch = headWithin(waiting, options.maxBytes);
      handle = await fileWithRoomFor(Buffer.byteLength(batch), handle, options);
      waiting = waiting.slice(batch.length);
      await handle.appendFile(batch);
    }
  };
  const work = async () => {
    try {
      await drain();
    } catch (error) {
      fail(error);
    } finally {
      working = undefined;
    }
  };
  const atExit = () => {
    try {
      if (waiting !== '') appendFileSync(path, waiting);
    } catch (error) {
      fail(error);
    }
  };
  process.on('exit', atExit);
  const flush = async () => {
    while (working !== undefined) await working;
  };
  return {
    write(text) {
      if (broken) return;
      waiting += text;
      working ??= work();
    },
    flush,
    async close() {
      await flush();
      process.off('exit', atExit);
      await handle?.close();
      handle = undefined;
      broken = true;
    },
  };
}

/** As many whole lines as fit, at least one. */
function headWithin(lines: string, maxBytes: number): string {
  if (Buffer.byteLength(lines) <= maxBytes) return lines;
  const head = Buffer.from(lines).subarray(0, maxBytes).toString('utf8');
  const end = head.lastIndexOf('\n');
  return end === -1 ? lines.slice(0, lines.indexOf('\n') + 1) : lines.slice(0, end + 1);
}

async function fileWithRoomFor(
  bytes: number,
  handle: FileHandle | undefined,
  options: RotatingFileOptions,
): Promise<FileHandle> {
  const current = await currentFile(handle, options.path);
  const { size } = await current.stat();
  if (size === 0 || size + bytes <= options.maxBytes) return current;
  await rotate(bytes, options);
  return currentFile(current, options.path);
}

/** The file that has the name now; another process may have renamed the one that is open. */
async function currentFile(handle: FileHandle | undefined, path: string): Promise<FileHandle> {
  if (handle !== undefined && isSame(await handle.stat(), await statOf(path))) return handle;
  await handle?.close();
  await mkdir(dirname(path), { recursive: true });
  return open(path, 'a', 0o640);
}

async function rotate(bytes: number, { path, maxBytes, keep }: RotatingFileOptions): Promise<void> {
  try {
    await using _held = await lock(`${path}.lock`, { waitMs: LOCK_WAIT_MS, holder: 'log rotation' });
    const now = await statOf(path);
    if (now === undefined || now.size + bytes <= maxBytes) return;
    await rm(`${path}.${keep - 1}`, { force: true });
    for (let number = keep - 2; number >= 1; number--)
      await renameIfThere(`${path}.${number}`, `${path}.${number + 1}`);
    if (keep > 1) await rename(path, `${path}.1`);
    else await rm(path);
  } catch (error) {
    // Somebody else is at it, slowly: a file that is too large for a while is better than lines that wait.
    if (!isKitError(error) || error.code !== 'lease_held') throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isSame(a: Stats, b: Stats | undefined): boolean {
  return b !== undefined && a.ino === b.ino && a.dev === b.dev;
}
