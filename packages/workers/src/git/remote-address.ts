import { ActionError, type SshPlace } from '@cadre/sdk';

/** Takes user and password out of every address in a text. */
export function maskAddresses(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, '$1***@');
}

/** Host (with port) of a remote in any of git's ways of writing it; `local` for a path of this machine. */
export function hostOf(address: string): string {
  if (URL.canParse(address)) return new URL(address).host || 'local';
  return sshPlaceOf(address)?.host ?? 'local';
}

/** `user@host:path`, where host may be `[host]` or `[host:port]`; a slash before the colon makes it a path. */
const SHORT = /^(?:(?<user>[^/@:[\]]+)@)?(?:\[(?<literal>[^\]]+)\]|(?<host>[^/:@[\]]+)):/;

/** Where an address leads that git opens with ssh; undefined for every other kind. */
export function sshPlaceOf(address: string): SshPlace | undefined {
  const { user, host, port } = /^(?:ssh|git\+ssh|ssh\+git):\/\//i.test(address)
    ? longForm(address)
    : shortForm(address);
  if (host === '') return undefined;
  return { host, ...(port ? { port: Number(port) } : {}), ...(user ? { user } : {}) };
}

function longForm(address: string) {
  if (!URL.canParse(address)) return { host: address };
  const { username, hostname, port } = new URL(address);
  return { user: username, host: hostname.replace(/^\[|\]$/g, ''), port };
}

function shortForm(address: string): { user?: string; host: string; port?: string } {
  // What has slashes after its colon names another transport.
  const { user, host, literal } =
    (/^[a-z0-9+.-]+:\/\//i.test(address) ? undefined : SHORT.exec(address))?.groups ?? {};
  const [, inner, port] = /^([^:]+):(\d+)$/.exec(literal ?? '') ?? [];
  const found = { host: inner ?? literal ?? host ?? '' };
  return { ...found, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
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
