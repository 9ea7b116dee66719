/** One argument of a call. `code` has blanks inside its strings. */
export interface Argument {
  readonly code: string;
  readonly text: string;
}

/** A call with more text than this is data; its first arguments are still right. */
const MAX_CALL_LENGTH = 4_000;

/** The arguments of the call whose bracket opens at `open`. Strings must be blank in `code`. */
export function callArguments(code: string, text: string, open: number): readonly Argument[] {
  const last = Math.min(code.length, open + MAX_CALL_LENGTH);
  const found: Argument[] = [];
  let depth = 0;
  let start = open + 1;
  const add = (end: number) => {
    const argument = { code: code.slice(start, end).trim(), text: text.slice(start, end).trim() };
    if (argument.code !== '') found.push(argument);
    start = end + 1;
  };
  for (let at = open; at < last; at++) {
    const character = code[at] ?? '';
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (depth === 0) {
      add(at);
      return found;
    }
    if (character === ',' && depth === 1) add(at);
  }
  add(last);
  return found;
}

const LITERAL = /^(?:[rbu]{0,2}(?:"""\s*"""|'''\s*'''|"[ ]*"|'[ ]*'|`\s*`)\s*)+$/i;
const NUMBER_OR_CONSTANT = /^(?:[\d._]+|None|True|False|nil|null|true|false)$/;

/** Whether an argument is written out: a string without expressions in it, a number or a constant. */
export function isLiteral(argument: Argument | undefined): boolean {
  return argument === undefined || LITERAL.test(argument.code) || NUMBER_OR_CONSTANT.test(argument.code);
}

/** Whether a string is put together: formatted, joined, or with expressions inside. */
export function isBuilt(argument: Argument | undefined): boolean {
  if (argument === undefined || isLiteral(argument)) return false;
  const { code } = argument;
  return (
    /^[rb]?f[rb]?["']/i.test(code) ||
    /["'`]\s*[+%]|[+%]\s*["'`]|["']\s*\.\s*(?:format|join)\b|Sprintf|format!/.test(code)
  );
}

/** The argument given by name: `shell=True`. */
export function namedArgument(call: readonly Argument[], name: string): string | undefined {
  const found = call.find(({ code }) => new RegExp(`^${name}\\s*=(?!=)`).test(code));
  return found?.text.slice(found.text.indexOf('=') + 1).trim();
}
