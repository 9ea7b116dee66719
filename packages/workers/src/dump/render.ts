import { extname } from 'node:path';
import type { GitFacts } from './git-facts.ts';
import type { SurveyedFile } from './survey.ts';

export interface DumpedSource {
  readonly path: string;
  readonly text: string;
}

export interface DumpFacts {
  readonly name: string;
  readonly git: GitFacts | undefined;
  /** All files, sorted by path. */
  readonly files: readonly SurveyedFile[];
}

const LANGUAGES: Readonly<Record<string, string>> = {
  '.cjs': 'js',
  '.cts': 'ts',
  '.htm': 'html',
  '.mjs': 'js',
  '.mts': 'ts',
  '.py': 'python',
  '.rs': 'rust',
  '.sh': 'bash',
  '.yml': 'yaml',
};

/** Longest of the words for what became of a file, so that a budget computed beforehand holds. */
const NOT_SHOWN = 'over budget';

/** Everything but the sources: what it is, contents, tree and digests. */
export function renderHead(facts: DumpFacts, shown: readonly string[]): string {
  const isShown = new Set(shown);
  const rows = facts.files.map(
    ({ path, bytes, sha256, state }) =>
      `| ${code(path).replaceAll('|', '\\|')} | ${bytes} | ${sha256 || '-'} | ${isShown.has(path) ? 'shown' : state === 'text' ? NOT_SHOWN : state} |`,
  );
  return [
    `# ${escapeHeading(facts.name)}`,
    gitLines(facts.git),
    `Files: ${facts.files.length}; with their text below: ${shown.length}.`,
    '## Contents',
    shown.map((path, index) => contentsLine(path, index)).join(''),
    '## Tree',
    fenced(renderTree(facts.files.map(({ path }) => path)), 'text'),
    '## Files',
    ['| Path | Bytes | SHA-256 | State |', '|---|---|---|---|', ...rows].join('\n'),
    '## Sources',
  ].join('\n\n');
}

export function contentsLine(path: string, index: number): string {
  return `${index + 1}. [${code(path)}](#file-${index + 1})\n`;
}

export function renderSource({ path, text }: DumpedSource, index: number): string {
  const extension = extname(path);
  const language = LANGUAGES[extension] ?? extension.slice(1).replace(/\W/g, '');
  return `\n\n<a id="file-${index + 1}"></a>\n\n### ${code(path)}\n\n${fenced(text, language)}`;
}

function gitLines(git: GitFacts | undefined): string {
  if (git === undefined) return '- Not under version control';
  return [
    `- Branch: ${code(git.branch)}`,
    `- Commit: ${code(git.commit)} of ${git.date}: ${code(git.subject)}`,
    `- Changed since: ${git.changed} files`,
  ].join('\n');
}

/** A fence longer than any in the text, so that nothing in a file can end it. */
function fenced(text: string, language: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}${text.endsWith('\n') || text === '' ? '' : '\n'}${fence}`;
}

/** A name as inline code, whatever characters it has. */
function code(name: string): string {
  const plain = plainLine(name);
  const run = longestRun(plain);
  if (run === 0) return `\`${plain}\``;
  const ticks = '`'.repeat(run + 1);
  return `${ticks} ${plain} ${ticks}`;
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, { length }) => Math.max(longest, length), 0);
}

function escapeHeading(name: string): string {
  return name.replace(/[\\`*_{}[\]<>#]/g, '\\$&');
}

/** Names indented below their folders; a folder ends with `/`. */
function renderTree(paths: readonly string[]): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const path of paths) {
    const folders = path.split('/');
    const name = folders.pop() ?? '';
    const first = folders.findIndex((folder, index) => open[index] !== folder);
    const fresh = first === -1 ? folders.length : first;
    folders.slice(fresh).forEach((folder, index) => {
      lines.push(`${'  '.repeat(fresh + index)}${plainLine(folder)}/`);
    });
    lines.push(`${'  '.repeat(folders.length)}${plainLine(name)}`);
    open = folders;
  }
  return lines.join('\n');
}

/** Line breaks and other control characters are written out. */
function plainLine(name: string): string {
  return name.replace(/[\0-\x1f\x7f]/g, (character) => JSON.stringify(character).slice(1, -1));
}
