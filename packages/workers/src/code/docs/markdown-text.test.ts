import fc from 'fast-check';
import { lexer, type Token } from 'marked';
import { expect, test } from 'vitest';
import { markdownLine, markdownText } from './markdown-text.ts';

const here = { symbol: () => 'a.md#b', target: () => 'c' };
const nowhere = { symbol: () => undefined, target: () => undefined };

/** All tokens of a text as a reader of Markdown sees them. */
function tokensOf(tokens: readonly Token[]): Token[] {
  return tokens.flatMap((token) => {
    const cells = token.type === 'table' ? [...token.header, ...token.rows.flat()] : [];
    const inside = [
      ...('tokens' in token ? (token.tokens ?? []) : []),
      ...(token.type === 'list' ? token.items : []),
    ];
    return [token, ...tokensOf([...inside, ...cells.flatMap((cell: { tokens: Token[] }) => cell.tokens)])];
  });
}

const piece = fc.constantFrom(
  ...[
    '<script>',
    '</script>',
    '<b',
    '>',
    '`',
    '``',
    '```',
    '~~~',
    '\n',
    '\n\n',
    '    ',
    '- ',
    '> ',
    '1. ',
    '|',
    '\n|-|-|\n',
  ],
  ...[
    '\\',
    '[',
    '](',
    ')',
    'javascript:',
    'x',
    ' ',
    '!',
    '# ',
    '---',
    '===',
    '&',
    '<!--',
    '[x]: ',
    '{@link ',
    '{@link a}',
    ':func:`',
    '}',
    '"',
    '\t',
  ],
);

test('[HYG-44] no comment, however it is written, brings HTML, headings, images or other schemes onto a page', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
      const text = pieces.join('');
      for (const made of [
        markdownText(text, nowhere),
        markdownText(text, here),
        `- ${markdownLine(text, here)}`,
      ]) {
        const tokens = tokensOf(lexer(`${made}\n\nlast words\n`));
        expect(tokens.filter(({ type }) => ['html', 'heading', 'image', 'def'].includes(type))).toEqual([]);
        expect(tokens.filter((token) => token.type === 'link' && /script/.test(token['href']))).toEqual([]);
        // A block of code that does not end would swallow the rest of the page.
        expect(tokens.some((token) => token.type === 'text' && token.raw.includes('last words'))).toBe(true);
      }
    }),
    { numRuns: 3000 },
  );
});

test('code stays code, and lists, emphasis and links of the web stay what they are', () => {
  const text =
    'Use `a<b>`:\n\n  ```ts\n  const a: A<B> = 1;\n  ```\n\n- **one** [two](https://example.org/a_(b))';
  expect(markdownText(text, nowhere)).toBe(
    'Use `a<b>`:\n\n```ts\nconst a: A<B> = 1;\n```\n\n- **one** [two](https://example.org/a_(b))',
  );
});
