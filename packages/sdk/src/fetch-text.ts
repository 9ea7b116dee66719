import type { FetchOptions, FetchText, SecretReference } from './context.ts';
import type { JsonValue } from './json.ts';

/** The parts of a request in which references to secrets may stand. */
export type FetchParts = Pick<FetchOptions, 'headers' | 'query' | 'body' | 'json' | 'basic'>;

export interface FilledParts {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** The names of the secrets that a request refers to, each once. */
export function referencesIn(parts: FetchParts): readonly string[] {
  const names = new Set<string>();
  fillParts(parts, (name) => {
    names.add(name);
    return '';
  });
  return [...names];
}

export function hasReference(text: FetchText): boolean {
  return (
    typeof text !== 'string' && (!Array.isArray(text) || text.some((piece) => typeof piece !== 'string'))
  );
}

/** The same request with each reference replaced by what `reveal` says. */
export function fillParts(parts: FetchParts, reveal: (name: string) => string): FilledParts {
  const { headers = {}, query = {}, body, json, basic } = parts;
  const text = (given: FetchText) => textOf(given, reveal);
  const filled = Object.entries(headers).map(([name, value]) => [name, text(value)] as const);
  const names = new Set(filled.map(([name]) => name.toLowerCase()));
  const content = json === undefined ? body && text(body) : JSON.stringify(fillJson(json, reveal));
  return {
    headers: {
      ...(json === undefined || names.has('content-type') ? {} : { 'content-type': 'application/json' }),
      ...(basic === undefined
        ? {}
        : { authorization: `Basic ${base64(`${text(basic.user)}:${text(basic.password)}`)}` }),
      ...Object.fromEntries(filled),
    },
    query: Object.entries(query).map(([name, value]) => [name, text(value)] as const),
    ...(content === undefined ? {} : { body: content }),
  };
}

function textOf(given: FetchText, reveal: (name: string) => string): string {
  const pieces = isPieces(given) ? given : [given];
  return pieces.map((piece) => (typeof piece === 'string' ? piece : reveal(piece.$secret))).join('');
}

function isPieces(given: FetchText): given is readonly (string | SecretReference)[] {
  return Array.isArray(given);
}

function fillJson(value: JsonValue, reveal: (name: string) => string): JsonValue {
  if (Array.isArray(value)) return value.map((inner) => fillJson(inner, reveal));
  if (value === null || typeof value !== 'object') return value;
  const { $secret: name, ...others } = value;
  if (typeof name === 'string' && Object.keys(others).length === 0) return reveal(name);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillJson(inner, reveal)]));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
