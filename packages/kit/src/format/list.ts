const LISTS = {
  and: new Intl.ListFormat('en', { type: 'conjunction' }),
  or: new Intl.ListFormat('en', { type: 'disjunction' }),
};

export interface ListOptions {
  readonly join?: 'and' | 'or';
  /** Longer lists end in `and 7 more`. */
  readonly atMost?: number;
}

/** `a, b, and c`. */
export function list(items: readonly string[], options: ListOptions = {}): string {
  const { join = 'and', atMost = Number.POSITIVE_INFINITY } = options;
  if (items.length <= atMost) return LISTS[join].format(items);
  return LISTS[join].format([...items.slice(0, atMost), `${items.length - atMost} more`]);
}
