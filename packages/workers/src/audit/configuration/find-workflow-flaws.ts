import type { Hit, Rule } from '../rule.ts';
import type { Source } from '../scan/source.ts';
import { BROAD_TOKEN, FOREIGN_CHECKOUT, SCRIPT_INJECTION, UNPINNED_ACTION } from './workflow-rules.ts';

/** A commit id, a version, or a branch that is named after one (`release/v1`). */
const FIXED_REFERENCE = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$|^(?:[\w.-]+[/@-])?v?\d+[\w.-]*$/i;

const EXPRESSION = /\$\{\{([^}]{1,300})\}\}/g;

/** What a stranger may fill with any text: titles, bodies, names of branches, messages, addresses. */
const STRANGERS_WORDS =
  /\bgithub\.(?:head_ref\b|event\.(?:issue|pull_request|comment|review|review_comment|discussion|head_commit|commits|pages|workflow_run)\b(?!\.base\b)[\w.*[\]'"]*\.(?:title|body|message|name|email|page_name|label|ref|default_branch|head_branch)\b)/;

const STRANGERS_HEAD =
  /github\.(?:head_ref|event\.(?:pull_request\.head|workflow_run\.head)|event\.number)|refs\/pull\//;

/** The block of top-level triggers, up to the next key that is not indented. */
const TRIGGERS = /^(?:on|'on'|"on")[ \t]*:[^\n]*(?:\n(?:[ \t#-][^\n]*)?)*/m;

/** One `key: value`, possibly the first of a list's entry. */
const ENTRY = /^([ \t]*(?:-[ \t]+)*)(?:uses|run|ref|permissions)[ \t]*:[ \t]*/;

/**
 * Flaws of a CI workflow, or of an action with steps. Read by lines and not as YAML, because a reader of YAML takes a
 * minute and more for hostile texts of some hundred kilobytes, and workflows are written one key a line.
 */
export function findWorkflowFlaws(source: Source, rules: readonly Rule[]): readonly Hit[] {
  const wanted = new Set(rules);
  const isTargeted = /\b(?:pull_request_target|workflow_run)\b/.test(
    withoutComments(TRIGGERS.exec(source.text)?.[0]),
  );
  const hits = entriesOf(source.text).flatMap((entry) => CHECKS[entry.key](entry, isTargeted));
  return hits.filter(({ rule }) => wanted.has(rule));
}

type Key = 'uses' | 'run' | 'ref' | 'permissions';

interface Entry {
  readonly key: Key;
  /** Without quotes and comments; of a block all its lines. */
  readonly value: string;
  /** Offset of the value. */
  readonly index: number;
}

function entriesOf(text: string): Entry[] {
  const lines = text.split('\n');
  const entries: Entry[] = [];
  let start = 0;
  for (const [number, line] of lines.entries()) {
    const [whole = '', indent = ''] = ENTRY.exec(line) ?? [];
    if (whole !== '') {
      const first = line.slice(whole.length).trimEnd();
      const key = whole.slice(indent.length).replace(/[ \t]*:[ \t]*$/, '') as Key;
      const value = /^[|>]/.test(first) ? block(lines, number, indent.length) : unquoted(first);
      entries.push({ key, value, index: start + whole.length });
    }
    start += line.length + 1;
  }
  return entries;
}

/** The lines below that are indented deeper. */
function block(lines: readonly string[], number: number, indent: number): string {
  let end = number + 1;
  while (end < lines.length && isInside(lines[end] ?? '', indent)) end += 1;
  return lines.slice(number + 1, end).join('\n');
}

function isInside(line: string, indent: number): boolean {
  return line.trim() === '' || indentOf(line) > indent;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function unquoted(value: string): string {
  const quoted = /^(["'])(.*)\1/.exec(value);
  return quoted === null ? withoutComments(value).trim() : (quoted[2] ?? '');
}

function withoutComments(text = ''): string {
  return text.replace(/(^|[ \t])#[^\n]*/gm, '$1');
}

const CHECKS: Readonly<Record<Key, (entry: Entry, isTargeted: boolean) => readonly Hit[]>> = {
  uses: (entry) =>
    isUnpinned(entry.value) ? [hit(UNPINNED_ACTION, entry, `${entry.value} can change at any time`)] : [],
  run(entry) {
    const expressions = [...entry.value.matchAll(EXPRESSION)].map(([, expression]) => expression ?? '');
    const words = expressions.map((expression) => STRANGERS_WORDS.exec(expression)?.[0]).find(Boolean);
    return words === undefined ? [] : [hit(SCRIPT_INJECTION, entry, `${words} becomes part of the script`)];
  },
  permissions: (entry) => (entry.value === 'write-all' ? [hit(BROAD_TOKEN, entry)] : []),
  ref: (entry, isTargeted) =>
    isTargeted && STRANGERS_HEAD.test(entry.value) ? [hit(FOREIGN_CHECKOUT, entry)] : [],
};

function isUnpinned(used: string): boolean {
  if (used === '' || used.startsWith('.') || used.includes('${{')) return false;
  if (used.startsWith('docker://')) {
    return !/(?:@sha256:|:(?!latest\b)[^/]+$)/.test(used.slice('docker://'.length));
  }
  const [, reference = ''] = used.split('@');
  return !FIXED_REFERENCE.test(reference);
}

function hit(rule: Rule, { index, value }: Entry, message?: string): Hit {
  return { rule, index, length: value.length, ...(message === undefined ? {} : { message }) };
}
