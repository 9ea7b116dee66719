/**
 * A regular expression of Python as one of JavaScript: leading flags `(?ix)`, verbose layout, named groups, `\A` and
 * `\Z`. Throws SyntaxError for what JavaScript cannot express.
 */
export function pythonPattern(source: string, moreFlags = ''): RegExp {
  const [, letters = '', rest = source] = /^\s*\(\?([aiLmsux]+)\)([\s\S]*)$/.exec(source) ?? [];
  const body = letters.includes('x') ? withoutLayout(rest) : rest;
  const flags = [...new Set(letters + moreFlags)].filter((flag) => 'ims'.includes(flag));
  return new RegExp(translated(body), flags.join(''));
}

/** Verbose patterns: blanks and comments mean nothing outside of `[]` unless they are escaped. */
function withoutLayout(pattern: string): string {
  return pattern.replace(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|#[^\n]*|\s+/g, (part) =>
    /^[#\s]/.test(part) ? '' : part,
  );
}

function translated(pattern: string): string {
  return pattern.replace(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?P<|\(\?P=(\w+)\)/g, (part, name) => {
    if (part === '\\A') return '(?<![\\s\\S])';
    if (part === '\\Z') return '(?![\\s\\S])';
    if (part === '(?P<') return '(?<';
    if (part.startsWith('(?P=')) return `\\k<${name}>`;
    // A bracket that stands first in a class stands for itself in Python.
    return part.replace(/^\[(\^?)\]/, '[$1\\]');
  });
}
