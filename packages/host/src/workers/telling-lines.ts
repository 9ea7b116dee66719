const MOST = 3;
/** Between where it happened and what: the line of code, what points into it, and an empty one. */
const BETWEEN = 5;

/** `SyntaxError: Unexpected end of input`, `Error [ERR_X]: …`, `ModuleNotFoundError: …` */
const ERROR = /^(Uncaught )?[\w$.]*(Error|Exception)( \[\w+\])?(:|$)/;
const PLACE = /:\d+$/;
/** A line of a stack, one that points into the line above, and Node's last word. */
const BESIDE = /^\s*at |^\s*[\^~]+\s*$|^\s*$|^Node\.js v\d|^[{}]$/;

/**
 * Of what a program wrote before it ended, the few lines that say why: where its last error was, that line of code, and the error.
 * Without an error the last lines.
 */
export function tellingLines(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const error = lines.findLastIndex((line) => ERROR.test(line));
  const told = lines.filter((line) => line !== '');
  if (error < 0) {
    const plain = told.filter((line) => !BESIDE.test(line));
    return (plain.length === 0 ? told : plain).slice(-MOST);
  }
  const before = lines.slice(Math.max(0, error - BETWEEN), error);
  const place = before.findLastIndex((line) => PLACE.test(line) && !BESIDE.test(line));
  const code = place < 0 ? [] : before.slice(place).filter((line) => !isMark(line));
  return [...code.slice(0, MOST - 1), lines[error] ?? ''].map((line) => line.trim());
}

/** Of code also `{` alone may stand there. */
function isMark(line: string): boolean {
  return /^\s*[\^~]*\s*$/.test(line);
}
