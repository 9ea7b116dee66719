/** A string, with its lines counted from 0. */
export interface PythonString {
  readonly firstLine: number;
  readonly lastLine: number;
}

/** A logical line: one statement or several with `;`, over as many lines as brackets and `\` make it. */
export interface PythonStatement {
  /** Offsets in the text; `end` is after the line end. */
  readonly start: number;
  readonly end: number;
  /** From 0. */
  readonly line: number;
  readonly text: string;
}

export interface PythonScan {
  readonly strings: readonly PythonString[];
  readonly statements: readonly PythonStatement[];
}

const OPENING = '([{';
const CLOSING = ')]}';
const STRING = /[rbfutRBFUT]{0,2}('''|"""|'|")/y;
const WORD = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;

/**
 * Finds strings and logical lines as Python's own tokenizer does (Language Reference, 2.1 and 2.4), without names or
 * numbers. Undefined when a string or a bracket does not end.
 */
export function scanPython(text: string): PythonScan | undefined {
  const strings: PythonString[] = [];
  const statements: PythonStatement[] = [];
  let position = 0;
  let line = 0;
  let depth = 0;
  let start = 0;
  let startLine = 0;

  const endStatement = (end: number) => {
    const statement = text.slice(start, end);
    if (statement.trim() !== '') statements.push({ start, end, line: startLine, text: statement });
    start = end;
    startLine = line;
  };

  while (position < text.length) {
    const character = text[position] ?? '';
    const string = matchAt(STRING, text, position);
    if (string !== undefined) {
      const end = stringEnd(text, position + string.length, string);
      if (end === undefined) return undefined;
      const lines = text.slice(position, end).split('\n').length - 1;
      strings.push({ firstLine: line, lastLine: line + lines });
      line += lines;
      position = end;
    } else if (character === '#') {
      const end = text.indexOf('\n', position);
      position = end === -1 ? text.length : end;
    } else if (character === '\n' || character === '\\') {
      const continues = character === '\\' || depth > 0;
      position = character === '\\' ? afterLineEnd(text, position + 1) : position + 1;
      if (text[position - 1] === '\n') line += 1;
      if (!continues) endStatement(position);
    } else {
      depth += Number(OPENING.includes(character)) - Number(CLOSING.includes(character));
      // A whole word at once: the `b` of `ab"c"` is no prefix of a string.
      position += matchAt(WORD, text, position)?.length ?? 1;
    }
  }
  endStatement(text.length);
  return depth === 0 ? { strings, statements } : undefined;
}

function matchAt(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}

function afterLineEnd(text: string, position: number): number {
  if (text[position] === '\r' && text[position + 1] === '\n') return position + 2;
  return position + 1;
}

function stringEnd(text: string, from: number, opening: string): number | undefined {
  const quote = opening.replace(/^[a-z]+/i, '');
  for (let position = from; position < text.length; position += 1) {
    if (text[position] === '\\') position = afterLineEnd(text, position + 1) - 1;
    else if (text.startsWith(quote, position)) return position + quote.length;
    else if (quote.length === 1 && text[position] === '\n') return undefined;
  }
  return undefined;
}
