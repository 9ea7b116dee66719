/**
 * The scope of `fs:read` and `fs:write`: a file, or a folder with all it holds. Three realms: relative to the workspace
 * (`.`, `src`), the home folder (`~`, `~/x`) or `/`, and `@data`, the worker's own data folder.
 */

/** Where the realms lie on this machine: absolute paths with `/`. */
export interface Places {
  readonly workspace: string;
  readonly home: string;
  readonly data: string;
}

type Realm = 'workspace' | 'home' | 'data' | 'root';

const PREFIXES: Readonly<Record<Realm, string>> = { workspace: '.', home: '~', data: '@data', root: '/' };

/** The one way to write a scope, or the reason why it is none. `..` is resolved and never leads out of its realm. */
export function normalisePathScope(scope: string): { path: string } | { problem: string } {
  const written = scope.endsWith('/**') ? scope.slice(0, -2) : scope;
  if (written.includes('*')) {
    return { problem: 'a path is a file, or a folder with all it holds; patterns inside cannot be enforced' };
  }
  if (written.includes('\0')) return { problem: 'a path cannot hold a NUL character' };
  const { realm, rest } = splitRealm(written);
  const parts: string[] = [];
  for (const part of rest.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined && realm !== 'root') {
      return { problem: `\`..\` leads out of ${PREFIXES[realm]}; name the place by its absolute path` };
    }
  }
  return { path: write(realm, parts.join('/')) };
}

/** Both normalised. A sibling whose name only begins alike is not covered. */
export function pathCovers(granted: string, wanted: string): boolean {
  const outer = splitRealm(granted);
  const inner = splitRealm(wanted);
  if (outer.realm !== inner.realm) return false;
  return outer.rest === '' || inner.rest === outer.rest || inner.rest.startsWith(`${outer.rest}/`);
}

/** The absolute path that a normalised scope means on this machine. */
export function placePath(scope: string, places: Places): string {
  const { realm, rest } = splitRealm(scope);
  const root = realm === 'root' ? '' : places[realm];
  const path = rest === '' ? root : `${root}/${rest}`;
  return path === '' ? '/' : path.replaceAll(/\/{2,}/g, '/');
}

function splitRealm(scope: string): { realm: Realm; rest: string } {
  if (scope.startsWith('/')) return { realm: 'root', rest: scope.slice(1) };
  const [first = '', ...others] = scope.split('/');
  if (first === '~') return { realm: 'home', rest: others.join('/') };
  if (first === '@data') return { realm: 'data', rest: others.join('/') };
  if (first === '.') return { realm: 'workspace', rest: others.join('/') };
  return { realm: 'workspace', rest: scope };
}

function write(realm: Realm, rest: string): string {
  if (realm === 'root') return `/${rest}`;
  if (realm !== 'workspace') return rest === '' ? PREFIXES[realm] : `${PREFIXES[realm]}/${rest}`;
  // A folder of the workspace that is really called `~` or `@data` must not be taken for the other realm.
  return /^(~|@data)(\/|$)/.test(rest) ? `./${rest}` : rest || '.';
}
