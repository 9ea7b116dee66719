const TYPES = { and: 'conjunction', or: 'disjunction' } as const;

export interface ListOptions {
  readonly join?: 'and' | 'or';
  /** Longer lists end in `and 7 more`. */
  readonly atMost?: number;
}

/** `a, b, and c`. */
export function list(items: readonly string[], options: ListOptions = {}): string {
  const { join = 'and', atMost = Number.POSITIVE_INFINITY } = options;
  const format = new Intl.ListFormat('en', { type: TYPES[join] });
  if (items.length <= atMost) return format.format(items);
  return format.format([...items.slice(0, atMost), `${items.length - atMost} more`]);
}
