import { CadreError, type ErrorCode, isCadreError } from '@cadre/core/history';

interface SqliteError extends Error {
  /** Extended result code; the low byte is the primary one: https://sqlite.org/rescode.html */
  readonly errcode: number;
}

interface Refusal {
  readonly code: ErrorCode;
  readonly problem: string;
  readonly hint: string;
}

const corrupt: Refusal = {
  code: 'store_corrupt',
  problem: 'is damaged or is not a Cadre store',
  hint: 'move the file away together with its -wal and -shm files, then restore a backup or let Cadre make a new one',
};

const busy: Refusal = {
  code: 'store_unavailable',
  problem: 'is being written by another process that does not let go',
  hint: 'end the process that holds the store (cadre lock show), then try again',
};

const full: Refusal = {
  code: 'disk_full',
  problem: 'cannot grow: the disk is full',
  hint: 'free some space, then try again',
};

const unopened: Refusal = {
  code: 'store_unavailable',
  problem: 'cannot be opened',
  hint: 'check that the folder exists and that you may write in it, or use another data folder with CADRE_HOME',
};

/** By primary result code. */
const REFUSALS: Readonly<Record<number, Refusal>> = {
  5: busy,
  6: busy,
  8: {
    code: 'store_unavailable',
    problem: 'may not be written',
    hint: 'make the file and its folder writable, or use another data folder with CADRE_HOME',
  },
  10: {
    code: 'store_unavailable',
    problem: 'could not be read or written by the system',
    hint: 'look at the disk: the system reported an input or output error',
  },
  11: corrupt,
  13: full,
  14: unopened,
  26: corrupt,
};

/** The statement itself was refused (constraint, trigger, size): it says nothing about the rest of the database. */
const STATEMENT_FAULTS: ReadonlySet<number> = new Set([18, 19, 20]);

/** Whether other statements in the same transaction would have gone well. */
export function isFaultOfOne(error: unknown): boolean {
  return !isSqliteError(error) || STATEMENT_FAULTS.has(error.errcode & 0xff);
}

/** Turns what SQLite threw into a refusal that says what to do; anything else comes back as it is. */
export function storeFault(error: unknown, path: string): unknown {
  if (isCadreError(error)) return error;
  const refusal = isSqliteError(error) ? REFUSALS[error.errcode & 0xff] : refusalOfSystem(error);
  if (refusal === undefined) return error;
  return new CadreError(refusal.code, `the store ${path} ${refusal.problem}`, {
    hint: refusal.hint,
    cause: error,
  });
}

/** What the file system said while the file or its folder was made. */
function refusalOfSystem(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return error.code === 'ENOSPC' || error.code === 'EDQUOT' ? full : unopened;
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}
