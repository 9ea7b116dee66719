/** What is told, before it has the shape that a receiver wants. */
export interface Notice {
  readonly text: string;
  readonly title?: string;
  readonly status?: 'succeeded' | 'failed' | 'recovered' | 'info';
  readonly link?: string;
  readonly fields?: readonly { readonly name: string; readonly value: string }[];
}

/** Cut to what a receiver accepts, which would refuse the whole message otherwise; at most `limit` code units. */
export function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const kept = text.slice(0, limit - 1);
  // Never half of a surrogate pair.
  return `${kept.replace(/[\uD800-\uDBFF]$/, '')}…`;
}
