import { type BuiltIn, fileCheck, readOptions, UsageError } from './built-in.ts';

export const fileContentsSorter: BuiltIn = {
  name: 'file contents sorter',
  files: '^$',
  create(args) {
    const options = readOptions(args, { 'ignore-case': { type: 'boolean' }, unique: { type: 'boolean' } });
    if (options.unique && options['ignore-case']) {
      throw new UsageError('--unique and --ignore-case cannot be used together');
    }
    const key = (line: string) => (options['ignore-case'] ? line.toLowerCase() : line);
    return fileCheck(({ path, text }) => {
      const lines = text
        .split('\n')
        .map((line) => line.replace(/\r+$/, ''))
        .filter((line) => line.trim() !== '');
      const kept = options.unique ? [...new Set(lines)] : lines;
      const sorted = kept.toSorted((a, b) => compare(key(a), key(b)));
      const mended = sorted.map((line) => `${line}\n`).join('');
      return mended === text
        ? undefined
        : { message: `Sorting ${path}`, content: Buffer.from(mended, 'latin1') };
    });
  },
};

/** A requirement with the comments above it; without a value, the comments at the end of the file. */
interface Requirement {
  readonly comments: string[];
  value: string | undefined;
}

/** The comment at the top of a file is kept there under this value. */
const TOP = '\n';

export const requirementsTxtFixer: BuiltIn = {
  name: 'fix requirements.txt',
  files: '(requirements|constraints).*\\.txt$',
  create: () =>
    fileCheck(({ path, text }) => {
      if (text.trim() === '') return undefined;
      const mended = sortedRequirements(text);
      return mended === text
        ? undefined
        : { message: `Sorting ${path}`, content: Buffer.from(mended, 'latin1') };
    }),
};

function sortedRequirements(text: string): string {
  const requirements = readRequirements(text.match(/[^\n]*\n|[^\n]+$/g) ?? []);
  const rest = requirements.at(-1)?.value === undefined ? (requirements.pop()?.comments ?? []) : [];
  const sorted = requirements
    // Debian's pip puts it there, and no index has it.
    .filter(({ value }) => value !== 'pkg-resources==0.0.0\n' && value !== 'pkg_resources==0.0.0\n')
    .toSorted(byRequirement);
  const lines: string[] = [];
  let previous: string | undefined;
  for (const { comments, value = '' } of sorted) {
    lines.push(...comments);
    if (value !== previous) lines.push(value);
    previous = value;
  }
  return [...lines, ...rest].join('');
}

function readRequirements(lines: readonly string[]): Requirement[] {
  const requirements: Requirement[] = [];
  for (const line of lines) {
    const ended = line.endsWith('\n') ? line : `${line}\n`;
    let current = requirements.at(-1);
    if (current === undefined || isComplete(current)) {
      current = { comments: [], value: undefined };
      requirements.push(current);
    }
    readLine(current, ended, requirements.length === 1);
  }
  return requirements;
}

function readLine(current: Requirement, line: string, isFirst: boolean): void {
  const blank = line.trim() === '';
  const endsTopComment = isFirst && blank && current.comments[0]?.startsWith('#') === true;
  if (endsTopComment) current.value = TOP;
  else if (blank || line.trimStart().startsWith('#')) current.comments.push(line);
  else current.value = (current.value ?? '') + line;
}

function isComplete({ value }: Requirement): boolean {
  return value !== undefined && !value.replace(/[\r\n]+$/, '').endsWith('\\');
}

function byRequirement(a: Requirement, b: Requirement): number {
  const atTop = Number(b.value === TOP) - Number(a.value === TOP);
  if (atTop !== 0) return atTop;
  // Of two of one name the one with comments comes first, so that it is the one that stays.
  return compare(nameOf(a), nameOf(b)) || Number(b.comments.length > 0) - Number(a.comments.length > 0);
}

function nameOf({ value = '' }: Requirement): string {
  const name = value.toLowerCase();
  const egg = ['#egg=', '&egg='].find((mark) => value.includes(mark));
  if (egg !== undefined) return name.slice(name.indexOf(egg) + egg.length);
  const word = /^[^;\s]+/.exec(name)?.[0] ?? '';
  return word.split(/={2,3}|!=|~=|>=?|<=?/, 1)[0] ?? '';
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
