import { setTimeout } from 'node:timers/promises';

/** Of a program that is not trusted: so much of it is shown. */
const LONGEST_LINE = 2_000;
const MOST_LINES = 1_000;
const LAST_LINES = 5;
/** What it wrote before it died may come a moment after its end. */
const LATE_MS = 100;

/** Lines of what a program writes, of which no more is held than is shown. */
export function linesOf() {
  const listeners = new Set<(line: string) => void>();
  const last: string[] = [];
  let rest = '';
  let told = 0;

  function tell(line: string): void {
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
    told += 1;
    if (told <= MOST_LINES) for (const listener of listeners) listener(line);
  }

  return {
    add(chunk: Buffer) {
      const [first = '', ...others] = chunk.toString('utf8').split('\n');
      rest = (rest + first).slice(0, LONGEST_LINE);
      for (const next of others) {
        tell(rest);
        rest = next.slice(0, LONGEST_LINE);
      }
    },
    hear(listener: (line: string) => void) {
      listeners.clear();
      listeners.add(listener);
    },
    async last() {
      await setTimeout(LATE_MS);
      return [...last, ...(rest === '' ? [] : [rest])].join(' / ');
    },
  };
}
