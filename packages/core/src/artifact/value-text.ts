import { ArtifactReference } from './artifact-reference.ts';

/** In a text that has neither it, nothing had to be told apart. */
const MARK = '$artifact"';
const KEY = '$artifact';
const ESCAPED = /^\$\$+artifact$/;

/**
 * JSON in which references and data are never taken for each other: a reference has the key `$artifact`, and where data has
 * that key it gets another `$` in front. Nearly every text has neither, and costs one look for it.
 */
export function valueText(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes(MARK) ? JSON.stringify(escaped(value)) : text;
}

/** Whether something stands in the text that only `parseValue` reads right. */
export function isMarked(text: string): boolean {
  return text.includes(MARK);
}

/** What `valueText` was given. */
export function parseValue(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return isMarked(text) ? unescaped(value) : value;
}

function escaped(value: unknown): unknown {
  if (value instanceof ArtifactReference) return value;
  return rewrite(value, (name) => (name === KEY || ESCAPED.test(name) ? `$${name}` : name), escaped);
}

export function unescaped(value: unknown): unknown {
  if (isWritten(value)) {
    const { $artifact, bytes, type, elements, contentType } = value;
    return new ArtifactReference($artifact, bytes, type, elements, contentType);
  }
  return rewrite(value, (name) => (ESCAPED.test(name) ? name.slice(1) : name), unescaped);
}

interface Written extends Pick<ArtifactReference, 'bytes' | 'type' | 'elements' | 'contentType'> {
  readonly $artifact: string;
}

function isWritten(value: unknown): value is Written {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, KEY);
}

function rewrite(value: unknown, key: (name: string) => string, inner: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(inner);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [key(name), inner(each)]));
}
