import { KitError, type KitErrorCode } from '../error.ts';

const CODES: Readonly<Record<string, { code: KitErrorCode; why: string; hint?: string }>> = {
  ENOSPC: { code: 'disk_full', why: 'the disk is full', hint: 'free some space and try again' },
  EDQUOT: { code: 'disk_full', why: 'the disk quota is used up', hint: 'free some space and try again' },
  EACCES: { code: 'not_writable', why: 'permission is missing' },
  EPERM: { code: 'not_writable', why: 'the system does not permit it' },
  EROFS: { code: 'not_writable', why: 'the file system is read-only' },
  ENOENT: { code: 'not_found', why: 'it does not exist' },
  ENOTDIR: { code: 'not_found', why: 'a part of the path is a file' },
  EISDIR: { code: 'invalid_value', why: 'it is a folder' },
  ELOOP: { code: 'not_found', why: 'its symbolic links go round in a circle' },
  ABORT_ERR: { code: 'cancelled', why: 'it was cancelled' },
  ENAMETOOLONG: { code: 'invalid_value', why: 'the name is too long' },
};

/**
 * Turns what the system says into a refusal: `tried` is a clause such as `cannot write /a/b`. Errors that say
 * nothing about the outside world are bugs and come back as they are. `denied` is the code for missing rights.
 */
export function systemFault(
  error: unknown,
  tried: string,
  denied: 'not_readable' | 'not_writable' = 'not_writable',
): unknown {
  const known = CODES[systemCode(error) ?? ''];
  if (known === undefined) return error;
  const code = known.code === 'not_writable' ? denied : known.code;
  return new KitError(code, `${tried}: ${known.why}`, { hint: known.hint, cause: error });
}

/** `ENOENT` and the like; undefined when it is no error of the system. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
