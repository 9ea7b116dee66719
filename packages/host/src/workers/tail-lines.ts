/** The last lines of something, for the message about how it ended. */
export interface TailLines {
  add(line: string): void;
  text(): string;
}

/** A stack with what belongs to the error, so that its first line is there. */
const LINES = 40;
const LINE_LENGTH = 400;

export function tailLines(): TailLines {
  const kept: string[] = [];
  return {
    add(line) {
      kept.push(line.slice(0, LINE_LENGTH));
      if (kept.length > LINES) kept.shift();
    },
    text: () => kept.join('\n'),
  };
}
