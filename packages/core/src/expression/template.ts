import { CadreError } from '../errors.ts';

/** A piece of a string: text as it stands, or what stands between `${{` and `}}`. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  /** `start`: where the expression begins in the string, white space left out. */
  | { readonly kind: 'expression'; readonly text: string; readonly start: number };

const OPEN = '${{';
const CLOSE = '}}';

/** Whether there is anything to evaluate in it. */
export function hasExpression(text: string): boolean {
  return text.includes(OPEN);
}

/** Splits a string into its parts. Throws `invalid_expression` where an expression is empty or does not end. */
export function parseTemplate(text: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let position = 0;
  for (let open = text.indexOf(OPEN); open !== -1; open = text.indexOf(OPEN, position)) {
    if (open > position) parts.push({ kind: 'text', text: text.slice(position, open) });
    const inside = open + OPEN.length;
    const close = findClose(text, inside);
    if (close === undefined) {
      throw new CadreError(
        'invalid_expression',
        `the expression that begins with ${quote(text, open)} does not end`,
        {
          hint: 'close it with }} and check its quotation marks and braces',
        },
      );
    }
    const raw = text.slice(inside, close);
    if (raw.trim() === '') {
      throw new CadreError('invalid_expression', 'there is nothing between ${{ and }}', {
        hint: "write an expression such as ${{ inputs.path }}; for the characters themselves write ${{ '${{' }}",
      });
    }
    const start = inside + (raw.length - raw.trimStart().length);
    parts.push({ kind: 'expression', text: raw.trim(), start });
    position = close + CLOSE.length;
  }
  if (position < text.length) parts.push({ kind: 'text', text: text.slice(position) });
  return parts;
}

/** `}}` may also stand in a string of the expression, or close two maps: strings are skipped and braces counted. */
function findClose(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"' || character === "'") {
      const end = endOfString(text, at);
      if (end === undefined) return undefined;
      at = end;
    } else if (character === '{') {
      depth += 1;
    } else if (character === '}') {
      if (depth === 0) return text[at + 1] === '}' ? at : undefined;
      depth -= 1;
    }
  }
  return undefined;
}

/** Index of the last character of the string literal that begins at `at`. */
function endOfString(text: string, at: number): number | undefined {
  const quotation = text[at] ?? '';
  const triple = quotation.repeat(3);
  const closing = text.startsWith(triple, at) ? triple : quotation;
  for (let index = at + closing.length; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text.startsWith(closing, index)) return index + closing.length - 1;
  }
  return undefined;
}

function quote(text: string, from: number): string {
  const piece = text.slice(from, from + 40);
  return JSON.stringify(from + 40 < text.length ? `${piece}…` : piece);
}
