import type { Edit } from './problem.ts';

interface Item {
  readonly start: number;
  readonly end: number;
}

/** Takes items out of a list such as `a, b, c` and keeps the layout of the others. At least one must stay. */
export function withoutItems(text: string, items: readonly Item[], isKept: (index: number) => boolean): Edit {
  const start = items[0]?.start ?? 0;
  const end = items.at(-1)?.end ?? 0;
  const kept = [...items.keys()].filter(isKept);
  const parts = kept.map((index, position) => {
    const item = text.slice(items[index]?.start, items[index]?.end);
    return position === 0 ? item : text.slice(items[index - 1]?.end, items[index]?.start) + item;
  });
  return { start, end, text: parts.join('') };
}
