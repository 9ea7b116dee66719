import type { Problem } from '../workflow/workflow.ts';

export interface SplitSkill {
  readonly ok: true;
  /** With as many lines before it as in the file, so that places in it are those in the file. */
  readonly frontMatter: string;
  readonly instructions: string;
  /** Of the first line of the instructions. */
  readonly firstLine: number;
}

/** A text that is longer is no text for a bot. */
const LARGEST = 1_048_576;

/** The two parts of a `SKILL.md`: what stands between two lines `---`, and what follows. */
export function splitFrontMatter(
  text: string,
): SplitSkill | { readonly ok: false; readonly problem: Problem } {
  if (text.length > LARGEST)
    return refuse('too_large', 'SKILL.md is larger than 1 MiB', 1, 'put parts of it into references/');
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines[0] !== '---') {
    return refuse(
      'no_front_matter',
      `expected a line --- at the beginning, found ${JSON.stringify((lines[0] ?? '').slice(0, 40))}`,
      1,
      'begin with ---, name: and description:, and another line ---',
    );
  }
  const end = lines.findIndex((line, index) => index > 0 && /^---[ \t]*$/.test(line));
  if (end === -1)
    return refuse(
      'no_front_matter',
      'the front matter does not end',
      lines.length,
      'put a line --- after it',
    );
  const inner = lines.slice(1, end);
  if (inner.every((line) => /^\s*(#.*)?$/.test(line)))
    return refuse('no_front_matter', 'the front matter is empty', 1, 'write name: and description: into it');
  const body = lines.slice(end + 1);
  const first = Math.max(
    0,
    body.findIndex((line) => line.trim() !== ''),
  );
  return {
    ok: true,
    frontMatter: ['', ...inner, ''].join('\n'),
    instructions: body.slice(first).join('\n').trimEnd(),
    firstLine: end + 2 + first,
  };
}

function refuse(code: string, message: string, line: number, suggestion: string) {
  const problem: Problem = {
    severity: 'error',
    code,
    message,
    path: '',
    position: { line, column: 1 },
    suggestion,
  };
  return { ok: false as const, problem };
}
