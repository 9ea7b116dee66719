import { didYouMean } from '../nearest.ts';
import { globCovers } from './glob.ts';
import { hostCovers, meetHosts, narrower, normaliseHostScope } from './host-scope.ts';
import { normalisePathScope, type Places, pathCovers, placePath } from './path-scope.ts';
import { PERMISSION_TYPES, type PermissionType, type ScopeKind } from './permission-types.ts';
import { meetSecrets, normaliseSecretScope, secretCovers } from './secret-scope.ts';

/** What may be done, to what. The scope is in its normal form. */
export interface Permission {
  readonly type: PermissionType;
  readonly scope: string;
}

export type ParsedPermission =
  | { readonly ok: true; readonly permission: Permission }
  | { readonly ok: false; readonly message: string; readonly suggestion?: string };

/** Reads `type:scope`. */
export function parsePermission(text: string): ParsedPermission {
  const type = typeOf(text);
  if (type === undefined) return unknownType(text);
  const kind = PERMISSION_TYPES[type].scope;
  const written = text.slice(type.length + 1);
  if (written === '' && kind !== 'whole') {
    return { ok: false, message: `${type} needs a scope`, suggestion: `write ${type}:${EXAMPLES[kind]}` };
  }
  const scope = SCOPES[kind].normalise(written);
  if ('problem' in scope) return { ok: false, message: `${text} is not a permission: ${scope.problem}` };
  return { ok: true, permission: { type, scope: scope.path } };
}

function unknownType(text: string): ParsedPermission {
  const names = Object.keys(PERMISSION_TYPES);
  const [first = '', second] = text.split(':');
  // `fs:raed:.` is nearer to `fs:read` than its first part is to anything.
  const word = first === 'fs' && second !== undefined ? `fs:${second}` : first;
  return {
    ok: false,
    message: `${text} is not a permission: there is no type ${word}`,
    suggestion: didYouMean(word, names) ?? `use one of ${names.join(', ')}`,
  };
}

export function formatPermission({ type, scope }: Permission): string {
  return PERMISSION_TYPES[type].scope === 'whole' ? type : `${type}:${scope}`;
}

/** Whether who has `granted` may also do `wanted`. Being allowed to write includes reading. */
export function covers(granted: Permission, wanted: Permission): boolean {
  return (
    meetTypes(granted.type, wanted.type) === wanted.type &&
    SCOPES[PERMISSION_TYPES[wanted.type].scope].covers(granted.scope, wanted.scope)
  );
}

/** What every one of the sets allows. No set at all allows nothing. */
export function intersect(sets: readonly (readonly Permission[])[]): readonly Permission[] {
  const [first = [], ...others] = sets;
  return others.reduce<readonly Permission[]>(
    (kept, set) => withoutCovered(kept.flatMap((a) => set.flatMap((b) => meet(a, b) ?? []))),
    withoutCovered(first),
  );
}

/** The same permission with the absolute path that it means on this machine, so that realms can be compared. */
export function placePermission(permission: Permission, places: Places): Permission {
  if (PERMISSION_TYPES[permission.type].scope !== 'path') return permission;
  return { type: permission.type, scope: placePath(permission.scope, places) };
}

/** `git wants to run the program prettier` */
export function permissionSentence(worker: string, { type, scope }: Permission): string {
  return `${worker} wants to ${PERMISSION_TYPES[type].says(scope)}`;
}

const EXAMPLES: Readonly<Record<ScopeKind, string>> = {
  path: '.',
  host: 'api.example.org:443',
  program: 'git',
  name: 'NAME',
  secret: 'NAME@api.example.org:443',
  whole: '*',
};

interface Scoping {
  readonly normalise: (written: string) => { path: string } | { problem: string };
  readonly covers: (granted: string, wanted: string) => boolean;
  readonly meet: (a: string, b: string) => string | undefined;
}

const named = (pattern: RegExp, problem: string): Scoping => ({
  normalise: (written) => (pattern.test(written) ? { path: written } : { problem }),
  covers: globCovers,
  meet: narrower,
});

const SCOPES: Readonly<Record<ScopeKind, Scoping>> = {
  path: { normalise: normalisePathScope, covers: pathCovers, meet: deeper },
  host: { normalise: normaliseHostScope, covers: hostCovers, meet: meetHosts },
  program: named(
    /^[^\s/\p{C}]+$/u,
    'a program is named without folder and blanks, `*` stands for any characters',
  ),
  name: named(
    /^[\w.*@/:-]+$/,
    'a name has letters, digits and _ . - @ / : only, `*` stands for any characters',
  ),
  secret: { normalise: normaliseSecretScope, covers: secretCovers, meet: meetSecrets },
  whole: { normalise: () => ({ path: '*' }), covers: () => true, meet: () => '*' },
};

function typeOf(text: string): PermissionType | undefined {
  return (Object.keys(PERMISSION_TYPES) as PermissionType[]).find(
    (type) => text === type || text.startsWith(`${type}:`),
  );
}

function meet(a: Permission, b: Permission): Permission | undefined {
  const type = meetTypes(a.type, b.type);
  if (type === undefined) return undefined;
  const scope = SCOPES[PERMISSION_TYPES[type].scope].meet(a.scope, b.scope);
  return scope === undefined ? undefined : { type, scope };
}

function meetTypes(a: PermissionType, b: PermissionType): PermissionType | undefined {
  if (a === b) return a;
  const isFiles = a.startsWith('fs:') && b.startsWith('fs:');
  return isFiles ? 'fs:read' : undefined;
}

function deeper(a: string, b: string): string | undefined {
  if (pathCovers(a, b)) return b;
  return pathCovers(b, a) ? a : undefined;
}

/** Of two equal ones the first stays. */
function withoutCovered(permissions: readonly Permission[]): readonly Permission[] {
  return permissions.filter(
    (one, index) =>
      !permissions.some(
        (other, at) => at !== index && covers(other, one) && (!covers(one, other) || at < index),
      ),
  );
}
