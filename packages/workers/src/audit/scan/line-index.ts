export interface LineIndex {
  /** Both from 1. */
  position(index: number): { readonly line: number; readonly column: number };
  /** The text of a line, without its end; empty beyond the last one. */
  lineText(line: number): string;
}

/** Finds lines by offset. The table is made when the first position is asked for: most files have no finding. */
export function lineIndex(text: string): LineIndex {
  let starts: readonly number[] | undefined;
  const table = () => {
    starts ??= lineStarts(text);
    return starts;
  };
  return {
    position(index) {
      const line = lineOf(index, table());
      return { line: line + 1, column: index - (table()[line] ?? 0) + 1 };
    },
    lineText(line) {
      const start = table()[line - 1];
      if (start === undefined) return '';
      const end = text.indexOf('\n', start);
      return text.slice(start, end === -1 ? text.length : end).replace(/\r$/, '');
    },
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

function lineOf(index: number, starts: readonly number[]): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= index) low = middle;
    else high = middle;
  }
  return low;
}
