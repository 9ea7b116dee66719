/** How a language writes comments and strings; the longest opening first. */
export interface LiteralSyntax {
  readonly comments: readonly { readonly open: string; readonly close: string }[];
  readonly strings: readonly {
    readonly quote: string;
    readonly multiline: boolean;
    readonly escapes: boolean;
  }[];
}

export interface Blanked {
  /** The text with comments and what stands inside strings replaced by blanks; every offset stays. */
  readonly code: string;
  /** The text with comments replaced by blanks. */
  readonly uncommented: string;
}

const HASH_COMMENTS = [{ open: '#', close: '\n' }];
const SLASH_COMMENTS = [
  { open: '//', close: '\n' },
  { open: '/*', close: '*/' },
];

/** Expansions inside strings are what the rules look for, so strings stay as they are. */
const LINE_SCRIPT = {
  comments: [
    { open: ' #', close: '\n' },
    { open: '\n#', close: '\n' },
  ],
  strings: [],
};

export const LITERAL_SYNTAX = {
  python: {
    comments: HASH_COMMENTS,
    strings: [
      { quote: '"""', multiline: true, escapes: true },
      { quote: "'''", multiline: true, escapes: true },
      { quote: '"', multiline: false, escapes: true },
      { quote: "'", multiline: false, escapes: true },
    ],
  },
  go: {
    comments: SLASH_COMMENTS,
    strings: [
      { quote: '"', multiline: false, escapes: true },
      { quote: '`', multiline: true, escapes: false },
    ],
  },
  rust: { comments: SLASH_COMMENTS, strings: [{ quote: '"', multiline: true, escapes: true }] },
  javascript: {
    comments: SLASH_COMMENTS,
    strings: [
      { quote: '"', multiline: false, escapes: true },
      { quote: "'", multiline: false, escapes: true },
      { quote: '`', multiline: true, escapes: true },
    ],
  },
  shell: LINE_SCRIPT,
  dockerfile: LINE_SCRIPT,
} as const satisfies Readonly<Record<string, LiteralSyntax>>;

/** One pass from literal to literal; linear in the length of the text, whatever it holds. */
export function blankLiterals(text: string, syntax: LiteralSyntax): Blanked {
  const openings = [...syntax.comments.map(({ open }) => open), ...syntax.strings.map(({ quote }) => quote)];
  const opening = new RegExp(openings.map((one) => one.replace(/[*"'`]/g, '\\$&')).join('|'), 'g');
  const code: string[] = [];
  const uncommented: string[] = [];
  let from = 0;
  for (let found = opening.exec(text); found !== null; found = opening.exec(text)) {
    const between = text.slice(from, found.index);
    const end = literalEnd(text, found.index, found[0], syntax);
    const literal = text.slice(found.index, end);
    const isComment = syntax.comments.some(({ open }) => open === found?.[0]);
    code.push(between, isComment ? blank(literal) : blankInside(literal, found[0]));
    uncommented.push(between, isComment ? blank(literal) : literal);
    from = end;
    opening.lastIndex = end;
  }
  const rest = text.slice(from);
  return { code: code.join('') + rest, uncommented: uncommented.join('') + rest };
}

function literalEnd(text: string, start: number, open: string, syntax: LiteralSyntax): number {
  const comment = syntax.comments.find((one) => one.open === open);
  if (comment !== undefined) {
    const close = text.indexOf(comment.close, start + open.length);
    // The end of a line belongs to the next one.
    return close === -1 ? text.length : close + (comment.close === '\n' ? 0 : comment.close.length);
  }
  const string = syntax.strings.find(({ quote }) => quote === open);
  return string === undefined ? start + open.length : stringEnd(text, start, string);
}

function stringEnd(text: string, start: number, string: LiteralSyntax['strings'][number]): number {
  const { quote, multiline, escapes } = string;
  let at = start + quote.length;
  while (at < text.length) {
    const character = text[at];
    if (character === '\\' && escapes) at += 2;
    else if (text.startsWith(quote, at)) return at + quote.length;
    else if (character === '\n' && !multiline) return at;
    else at += 1;
  }
  return text.length;
}

function blankInside(literal: string, quote: string): string {
  if (literal.length < 2 * quote.length) return blank(literal);
  return quote + blank(literal.slice(quote.length, -quote.length)) + quote;
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
