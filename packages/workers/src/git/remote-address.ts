import { ActionError } from '@cadre/sdk';

/** Takes user and password out of every address in a text. */
export function maskAddresses(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, '$1***@');
}

/** Host (with port) of a remote in any of git's ways of writing it; `local` for a path of this machine. */
export function hostOf(address: string): string {
  if (URL.canParse(address)) return new URL(address).host || 'local';
  // [user@]host:path, unless a slash before the colon makes it a path.
  return /^(?:[^/@]+@)?(?<host>[^/:]+):/.exec(address)?.groups?.['host'] ?? 'local';
}

/** Throws ActionError `invalid_input` for transports that run programs and for passwords in the address. */
export function checkedAddress(address: string): string {
  if (address.startsWith('-') || /^[a-z0-9+.-]+::/i.test(address)) {
    throw new ActionError('invalid_input', 'this kind of address is not allowed: it would run a program', {
      hint: 'use an https, ssh or file address',
    });
  }
  if (URL.canParse(address) && new URL(address).password !== '') {
    throw new ActionError('invalid_input', 'the address holds a password', {
      hint: 'store the password as a secret and name it in auth.secret',
    });
  }
  return address;
}
