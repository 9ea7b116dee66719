import { globCovers } from './glob.ts';
import { hostCovers, meetHosts, narrower, normaliseHostScope } from './host-scope.ts';

/**
 * The scope of `secret`. `NAME`: the worker may see its value, and so send it anywhere that it may reach. `NAME@HOST:PORT`: Cadre puts
 * the value into requests to that host, and the worker never has it.
 */
export interface SecretScope {
  readonly name: string;
  /** As a scope of `net`; absent: not bound to any host. */
  readonly host?: string;
}

export function splitSecret(scope: string): SecretScope {
  const at = scope.lastIndexOf('@');
  return at < 0 ? { name: scope } : { name: scope.slice(0, at), host: scope.slice(at + 1) };
}

const NAME = /^[\w.*/:-]+$/;

export function normaliseSecretScope(written: string): { path: string } | { problem: string } {
  const { name, host } = splitSecret(written);
  if (!NAME.test(name)) {
    return { problem: 'a secret has letters, digits and _ . - / : only, `*` stands for any characters' };
  }
  if (host === undefined) return { path: name };
  const place = normaliseHostScope(host);
  return 'problem' in place ? place : { path: `${name}@${place.path}` };
}

/** Who may see it may also have it put into requests; not the other way round. */
export function secretCovers(granted: string, wanted: string): boolean {
  const [outer, inner] = [splitSecret(granted), splitSecret(wanted)];
  if (!globCovers(outer.name, inner.name)) return false;
  return outer.host === undefined || (inner.host !== undefined && hostCovers(outer.host, inner.host));
}

export function meetSecrets(a: string, b: string): string | undefined {
  const [left, right] = [splitSecret(a), splitSecret(b)];
  const name = narrower(left.name, right.name);
  if (name === undefined) return undefined;
  if (left.host === undefined || right.host === undefined) {
    const host = left.host ?? right.host;
    return host === undefined ? name : `${name}@${host}`;
  }
  const host = meetHosts(left.host, right.host);
  return host === undefined ? undefined : `${name}@${host}`;
}
