import { isThisMachine } from '@cadre/core';

/** By https, or to this machine: whatever is secret goes no other way. */
export function isSentSafely(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isThisMachine(url.hostname));
}

export function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}
