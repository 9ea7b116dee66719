import { globCovers } from './glob.ts';

/** The scope of `net`: `host:port`, each with `*`; a host alone means every port of it. */
export interface HostScope {
  readonly host: string;
  readonly port: string;
}

/** The one way to write it (`host:port`, lower case), or the reason why it is none. IPv6 stands in brackets. */
export function normaliseHostScope(scope: string): { path: string } | { problem: string } {
  const { host, port } = splitHost(scope.toLowerCase());
  if (!/^(\[[0-9a-f:.*]+\]|[a-z0-9_.*-]+)$/.test(host)) {
    return { problem: 'write host:port, for example api.example.org:443 or [::1]:8080' };
  }
  const number = Number(port);
  if (port !== '*' && !(/^\d{1,5}$/.test(port) && number >= 1 && number <= 65_535)) {
    return { problem: `the port ${port} is not * or a number from 1 to 65535` };
  }
  return { path: `${host}:${port}` };
}

/** Splits a normalised or written scope; the port is `*` when there is none. */
export function splitHost(scope: string): HostScope {
  const bracket = scope.lastIndexOf(']');
  const colon = scope.indexOf(':', bracket + 1);
  return colon < 0
    ? { host: scope, port: '*' }
    : { host: scope.slice(0, colon), port: scope.slice(colon + 1) };
}

/** `*.example.org` takes in every name below example.org, but not example.org itself. */
export function hostCovers(granted: string, wanted: string): boolean {
  const outer = splitHost(granted);
  const inner = splitHost(wanted);
  return globCovers(outer.host, inner.host) && globCovers(outer.port, inner.port);
}

/** The narrower host with the narrower port; undefined when one of them has nothing in common. */
export function meetHosts(a: string, b: string): string | undefined {
  const [left, right] = [splitHost(a), splitHost(b)];
  const host = narrower(left.host, right.host);
  const port = narrower(left.port, right.port);
  return host === undefined || port === undefined ? undefined : `${host}:${port}`;
}

/** Two patterns that overlap without one taking in the other count as disjoint: too narrow is the safe side. */
export function narrower(a: string, b: string): string | undefined {
  if (globCovers(a, b)) return b;
  return globCovers(b, a) ? a : undefined;
}
