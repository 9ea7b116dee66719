import type { Problem } from '../workflow/workflow.ts';
import type { SplitSkill } from './split-front-matter.ts';

/** The format asks for no more: all of it is read by a bot each time. */
const MOST_LINES = 500;

/**
 * Format, private-use and unassigned characters and other blanks: a person does not see them, a model reads them. What joins
 * two pictures of an emoji is not among them.
 */
const UNSEEN = /(?<!\p{Extended_Pictographic}\uFE0F?)\u200D|(?![\t\n\r\u200D])\p{C}|[\p{Zl}\p{Zp}]/u;

/** What can be said of text that nobody runs: whether it is there, is short enough, and shows all that it holds. */
export function checkInstructions({ instructions, frontMatter, firstLine }: SplitSkill): readonly Problem[] {
  if (instructions === '')
    return [
      warning(
        'no_instructions',
        'it says nothing to a bot',
        firstLine,
        'write below the second line --- how the work is done',
      ),
    ];
  const lines = instructions.split('\n');
  const first = firstLine;
  const hidden = [
    ...frontMatter.split('\n').map((text, index) => ({ text, line: index + 1 })),
    ...lines.map((text, index) => ({ text, line: first + index })),
  ].flatMap(({ text, line }) => {
    const found = UNSEEN.exec(text);
    if (found === null) return [];
    const code = `\\u{${found[0].codePointAt(0)?.toString(16)}}`;
    return [
      warning(
        'hidden_character',
        `${code} is read by a bot and seen by nobody`,
        line,
        'take it out',
        found.index + 1,
      ),
    ];
  });
  const long =
    lines.length <= MOST_LINES
      ? []
      : [
          warning(
            'long_instructions',
            `it has ${lines.length} lines, and a bot reads all of them each time`,
            first,
            `keep it below ${MOST_LINES} and put the rest into references/`,
          ),
        ];
  return [...hidden, ...long];
}

function warning(code: string, message: string, line: number, suggestion: string, column = 1): Problem {
  return { severity: 'warning', code, message, path: '', position: { line, column }, suggestion };
}
