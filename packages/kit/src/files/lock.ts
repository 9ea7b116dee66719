import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { KitError } from '../error.ts';
import { isRunning, processSpace, processStart } from './process-start.ts';
import { systemCode, systemFault } from './system-fault.ts';
import { writeAtomic } from './write-atomic.ts';

const POLL_MS = 50;

export interface LockHolder {
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
  /** Process ids mean something only within one of these; a container or sandbox has its own. */
  readonly processSpace: string;
  /** So that a re-used pid is not mistaken for the holder. */
  readonly processStart: string;
  readonly since: number;
}

export interface LockOptions {
  /** Without renewal for so long the lease of another machine has lapsed. Default 30 s. */
  readonly ttlMs?: number;
  /** Default 10 s. */
  readonly renewMs?: number;
  /** How long to wait for a live holder. Default 0: refuse at once. */
  readonly waitMs?: number;
  /** What the holder is called in messages to others. */
  readonly holder?: string;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

export interface Lock extends AsyncDisposable {
  /** Grows with each taking: the fence against a holder that comes back. */
  readonly number: number;
  /** Aborted when the lock was lost, for example by long sleep of the machine. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Takes the lock that the folder `path` stands for. Throws `lease_held` with the holder in `details`, `cancelled`.
 * Invariants:
 * 1. The holder is whoever made the file with the highest number; numbers only grow and the highest file stays, so
 *    a number is never given twice. That holds because a number is taken by a hard link, which fails when it exists.
 * 2. Who takes a number looks again afterwards and gives it back when a higher one appeared meanwhile.
 * 3. A holder whose process can be seen is replaced only when it is dead, one elsewhere only when its lease lapsed.
 */
export async function lock(path: string, options: LockOptions = {}): Promise<Lock> {
  const now = options.now ?? Date.now;
  const deadline = now() + (options.waitMs ?? 0);
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw systemFault(error, `cannot lock ${path}`);
  });
  const identity = await identityOf(options.holder ?? `process ${process.pid}`, now());
  for (;;) {
    if (options.signal?.aborted)
      throw new KitError('cancelled', `waiting for the lock ${path} was cancelled`);
    const highest = await highestNumber(path);
    const present = await presentHolder(path, highest, options.ttlMs ?? 30_000, now());
    if (present === undefined && (await take(path, highest + 1, identity))) {
      return holdLock(path, highest + 1, options);
    }
    if (present !== undefined && now() >= deadline) throw held(path, present);
    await pause(POLL_MS);
  }
}

async function identityOf(holder: string, since: number): Promise<LockHolder> {
  const { pid } = process;
  return {
    holder,
    host: hostname(),
    pid,
    processSpace: await processSpace(),
    processStart: await processStart(pid),
    since,
  };
}

/** Zero when nobody ever held it. */
async function highestNumber(path: string): Promise<number> {
  const numbers = (await readdir(path)).map(Number).filter(Number.isInteger);
  return Math.max(0, ...numbers);
}

/** Undefined when the lock is free: never held, given back, or its holder is gone. */
async function presentHolder(
  path: string,
  number: number,
  ttlMs: number,
  now: number,
): Promise<LockHolder | undefined> {
  if (number === 0) return undefined;
  const file = join(path, String(number));
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  if (text === undefined || text === '') return undefined;
  const holder = JSON.parse(text) as LockHolder;
  if (holder.host === hostname() && holder.processSpace === (await processSpace())) {
    return (await isRunning(holder.pid, holder.processStart)) ? holder : undefined;
  }
  const renewed = await stat(file).catch(ignoreMissing);
  return renewed !== undefined && now - renewed.mtimeMs < ttlMs ? holder : undefined;
}

async function take(path: string, number: number, identity: LockHolder): Promise<boolean> {
  const draft = join(path, `${randomUUID()}.draft`);
  const file = join(path, String(number));
  await writeAtomic(draft, JSON.stringify(identity));
  try {
    await link(draft, file);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw systemFault(error, `cannot lock ${path}`);
  } finally {
    await rm(draft, { force: true });
  }
  if ((await highestNumber(path)) === number) {
    await removeLower(path, number);
    return true;
  }
  await rm(file, { force: true });
  return false;
}

async function removeLower(path: string, number: number): Promise<void> {
  const names = (await readdir(path)).filter(
    (name) => Number.isInteger(Number(name)) && Number(name) < number,
  );
  for (const name of names) await rm(join(path, name), { force: true });
}

function holdLock(path: string, number: number, options: LockOptions): Lock {
  const file = join(path, String(number));
  const loss = new AbortController();
  const renew = async () => {
    const time = new Date(options.now?.() ?? Date.now());
    await utimes(file, time, time).catch(ignoreMissing);
    if ((await highestNumber(path).catch(() => 0)) !== number)
      loss.abort(new Error(`the lock ${path} was lost`));
  };
  const timer = setInterval(() => void renew(), options.renewMs ?? 10_000);
  timer.unref();
  const release = async () => {
    clearInterval(timer);
    // Emptied and not removed: the highest number must stay (invariant 1).
    if ((await highestNumber(path)) === number) await writeAtomic(file, '');
  };
  return { number, lost: loss.signal, release, [Symbol.asyncDispose]: release };
}

function held(path: string, present: LockHolder): KitError {
  const { holder, host, pid, since } = present;
  return new KitError(
    'lease_held',
    `${path} is held by ${holder} (process ${pid} on ${host}) since ${new Date(since).toISOString()}`,
    { hint: 'wait for it to end, or end it', details: present },
  );
}

function ignoreMissing(error: unknown): undefined {
  if (systemCode(error) === 'ENOENT') return undefined;
  throw error;
}
