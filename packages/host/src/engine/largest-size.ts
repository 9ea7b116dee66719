import { isReference } from '@cadre/core/history';

/** A character takes at most so many bytes of JSON: `\u0000`. */
const WIDEST = 6;
const NUMBER = 24;
const REFERENCE = 160;

/** How many bytes of JSON a value takes at the most; beyond `most` it is no longer counted. Nothing is encoded for it. */
export function largestSize(value: unknown, most: number): number {
  switch (typeof value) {
    case 'string':
      return value.length * WIDEST + 2;
    case 'object':
      return value === null ? 4 : sizeWithin(value, most);
    default:
      return NUMBER;
  }
}

function sizeWithin(value: object, most: number): number {
  if (isReference(value)) return REFERENCE;
  let size = 2;
  if (Array.isArray(value)) {
    for (const inner of value) {
      size += 1 + largestSize(inner, most - size);
      if (size > most) return size;
    }
    return size;
  }
  for (const name in value) {
    size += name.length * WIDEST + 4 + largestSize(value[name as keyof typeof value], most - size);
    if (size > most) return size;
  }
  return size;
}
