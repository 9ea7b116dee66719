import type { Attributes } from '../attributes.ts';
import type { Language } from '../language.ts';
import type { EditorSettings } from './editor-config.ts';
import type { Guard, Opaque } from './guard.ts';
import { evenIndentation } from './indentation.ts';
import { trimMarkdown } from './markdown-blanks.ts';

export interface TidyRules {
  readonly language: Language | undefined;
  readonly editor: EditorSettings;
  readonly attributes: Attributes;
  readonly guard: Guard;
}

interface LanguageRules {
  /** Line ends go to the majority even when nothing is declared. */
  readonly lineEnds?: boolean;
  /** A byte order mark at the beginning means nothing there. */
  readonly mark?: boolean;
  /** Blanks at line ends mean nothing outside of texts. */
  readonly blanks?: boolean;
  /** Tabs and spaces at the beginning of lines mean the same. */
  readonly indentation?: boolean;
}

const CODE: LanguageRules = { lineEnds: true, mark: true, blanks: true, indentation: true };
const DATA: LanguageRules = { lineEnds: true, mark: true, blanks: true };
const SOURCE: LanguageRules = { lineEnds: true, mark: true };

/** Only what cannot change what a file means; a language that is not here gets a line end at its end, no more. */
const RULES: Partial<Record<Language, LanguageRules>> = {
  javascript: CODE,
  typescript: CODE,
  json: CODE,
  css: CODE,
  scss: CODE,
  yaml: DATA,
  toml: DATA,
  python: DATA,
  markdown: DATA,
  go: SOURCE,
  rust: SOURCE,
  shell: SOURCE,
};

const NO_RULES: LanguageRules = {};
const MARK = '\uFEFF';

type Operation = (text: string, rules: TidyRules, language: LanguageRules) => string;

const OPERATIONS: readonly Operation[] = [dropMark, unifyLineEnds, trimBlanks, indent, endWithLine];

/** Lays out a text without changing what it means. A step that would change it is left out. */
export function tidy(text: string, rules: TidyRules): string {
  if (text.trim() === '') return text;
  const language = (rules.language && RULES[rules.language]) ?? NO_RULES;
  return OPERATIONS.reduce((before, operation) => {
    const after = operation(before, rules, language);
    return after === before || rules.guard.keeps(before, after) ? after : before;
  }, text);
}

function dropMark(text: string, { editor }: TidyRules, { mark }: LanguageRules): string {
  const unwanted = editor.byteOrderMark === undefined ? mark === true : !editor.byteOrderMark;
  return unwanted && text.startsWith(MARK) ? text.slice(MARK.length) : text;
}

function unifyLineEnds(text: string, { attributes, editor }: TidyRules, { lineEnds }: LanguageRules): string {
  const declared = attributes.eol ?? editor.endOfLine;
  const wanted = declared ?? (lineEnds ? majorityLineEnd(text) : undefined);
  return wanted === undefined ? text : text.replace(/\r?\n/g, wanted === 'crlf' ? '\r\n' : '\n');
}

function majorityLineEnd(text: string): 'lf' | 'crlf' {
  const crlf = text.split('\r\n').length - 1;
  const lf = text.split('\n').length - 1 - crlf;
  return crlf > lf ? 'crlf' : 'lf';
}

function trimBlanks(text: string, { editor, guard, language }: TidyRules, { blanks }: LanguageRules): string {
  if (editor.trimTrailing === false || !(blanks || editor.trimTrailing)) return text;
  // Most files have none, and looking is a hundred times cheaper than parsing.
  if (!/[ \t]\r?$/m.test(text)) return text;
  if (language === 'markdown') return trimMarkdown(text);
  const opaque = guard.opaque(text) ?? undeclared(blanks);
  return opaque === undefined
    ? text
    : mapLines(text, (line, index) => (opaque.ends.has(index) ? line : trimEnd(line)));
}

/** A language nobody knows here: when the repository says that all blanks go, as editors do, then they go. */
function undeclared(blanks: boolean | undefined): Opaque | undefined {
  return blanks ? undefined : { begins: new Set(), ends: new Set() };
}

function indent(text: string, { editor, guard }: TidyRules, { indentation }: LanguageRules): string {
  const isEven = editor.indentStyle !== 'tab' && !/^ *\t/m.test(text);
  const opaque = indentation && !isEven ? guard.opaque(text) : undefined;
  return opaque === undefined ? text : evenIndentation(text, editor, opaque.begins);
}

/** Exactly one line end at the end where the language is known, at least one where only the settings ask for it. */
function endWithLine(text: string, { editor, language }: TidyRules): string {
  if (editor.finalNewline === false || (language === undefined && !editor.finalNewline)) return text;
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  if (language !== undefined) return text.replace(/[\r\n]*$/, lineEnd);
  return text.endsWith('\n') ? text : `${text}${lineEnd}`;
}

function mapLines(text: string, change: (line: string, index: number) => string): string {
  return text.split('\n').map(change).join('\n');
}

/** Keeps the carriage return of a line end. */
function trimEnd(line: string): string {
  return line.replace(/[ \t]+(\r?)$/, '$1');
}
