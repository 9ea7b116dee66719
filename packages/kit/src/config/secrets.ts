import { KitError } from '../error.ts';
import type { Setting } from './settings.ts';
import { childOf, type Shape } from './shape.ts';

/** How a secret stands in a file: by name. */
const REFERENCE = /^secret:[A-Za-z0-9_.-]+$/;

/** Forms that only credentials have; a false alarm here would stop a program from starting. */
const TOKENS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\bgh[oprsu]_[A-Za-z0-9]{36,}\b/,
  /\bgithub_pat_\w{50,}\b/,
  /\bglpat-[\w-]{20,}/,
  /\bxox[abprs]-[\w-]{10,}/,
  /\bnpm_[A-Za-z0-9]{36}\b/,
  /\bsk-(?:ant-|proj-)?[\w-]{32,}/,
];

/** Refuses clear secrets in files, all at once and without repeating them. Throws `secret_in_config`. */
export function refuseClearSecrets(settings: readonly Setting[]): void {
  const found = settings.filter(holdsClearSecret);
  if (found.length === 0) return;
  const places = found.map(({ path, origin }) => ({ key: path.join('.'), origin }));
  const lines = places.map(({ key, origin }) => `${origin}: ${key} holds a secret in clear`);
  throw new KitError('secret_in_config', lines.join('\n'), {
    hint: 'store the value as a secret and write secret:NAME in its place; treat the old value as known to others',
    details: { places },
  });
}

export function holdsClearSecret({ value, shape }: Pick<Setting, 'value' | 'shape'>): boolean {
  if (shape?.secret === true) return typeof value !== 'string' || !REFERENCE.test(value);
  return textsIn(value).some((text) => TOKENS.some((token) => token.test(text)));
}

/** What may be shown of a value: the reference, never the secret. */
export function shown(value: unknown, secret: boolean): unknown {
  if (!secret || value === undefined) return value;
  return typeof value === 'string' && REFERENCE.test(value) ? value : '(secret)';
}

/** What may be shown of a whole section. */
export function shownWithin(value: unknown, shape: Shape | undefined): unknown {
  if (shape === undefined || shape.secret) return shown(value, shape?.secret === true);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    shownWithin(inner, childOf(shape, key)?.shape),
  ]);
  return Object.fromEntries(entries);
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
