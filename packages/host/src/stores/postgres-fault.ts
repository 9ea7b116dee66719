import { CadreError, type ErrorCode, isCadreError } from '@cadre/core';

interface Refusal {
  readonly code: ErrorCode;
  readonly problem: string;
  readonly hint: string;
}

const away: Refusal = {
  code: 'store_unavailable',
  problem: 'cannot be reached',
  hint: 'check that the server runs and that store.url names it, then try again',
};

const corrupt: Refusal = {
  code: 'store_corrupt',
  problem: 'is damaged',
  hint: 'look at the log of the server, then restore a backup',
};

/** By SQLSTATE, or its first two letters: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  '53100': {
    code: 'disk_full',
    problem: 'cannot grow: the disk of the server is full',
    hint: 'free some space there, then try again',
  },
  '28': {
    code: 'store_unavailable',
    problem: 'does not let this user in',
    hint: 'check the user and the password in store.url (CADRE_STORE__URL)',
  },
  '3D': {
    code: 'store_unavailable',
    problem: 'does not exist',
    hint: 'make the database (createdb), or correct store.url',
  },
  '42501': {
    code: 'store_unavailable',
    problem: 'may not be written by this user',
    hint: 'let the user create schemas in the database, or own the schema of the store',
  },
  '25006': {
    code: 'store_unavailable',
    problem: 'may only be read: it is a standby',
    hint: 'name the primary in store.url',
  },
  '53': { ...away, problem: 'takes no more connections' },
  XX: corrupt,
};

/** The server ends, starts, has too many connections, or has given up on a silent client: the same will go well later. */
const PASSING = /^(08|25P03|57P0[123]|53300|53400)/;

/** Two transactions were in each other's way: the same goes well when it is done again. */
const COLLISIONS = new Set(['40P01', '40001']);

/** What a socket says, by Node or by the driver, when there is no server at its other end (any more). */
const LOST =
  /ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|terminated|connection error|not queryable|timeout/i;

export function isConnectionLost(error: unknown): boolean {
  const { code, message } = asError(error);
  if (isSqlState(code)) return PASSING.test(code);
  return LOST.test(code) || LOST.test(message);
}

export function isCollision(error: unknown): boolean {
  return COLLISIONS.has(asError(error).code);
}

/** The statement itself was refused (a constraint, a trigger, a value): it says nothing about the others of its group. */
export function isFaultOfOneStatement(error: unknown): boolean {
  const { code } = asError(error);
  return !isConnectionLost(error) && (!isSqlState(code) || /^(22|23|42|P0)/.test(code));
}

/** Turns what the server or the driver threw into a refusal that says what to do; a bug comes back as it is. */
export function postgresFault(error: unknown, name: string): unknown {
  if (isCadreError(error)) return error;
  const { code } = asError(error);
  const known = REFUSALS[code] ?? REFUSALS[isSqlState(code) ? code.slice(0, 2) : ''];
  const refusal = known ?? (isConnectionLost(error) ? away : undefined);
  if (refusal === undefined) return error;
  return new CadreError(refusal.code, `the store ${name} ${refusal.problem}`, {
    hint: refusal.hint,
    cause: error,
  });
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E');
}

function asError(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: '', message: '' };
  return { code: 'code' in error ? String(error.code) : '', message: error.message };
}
