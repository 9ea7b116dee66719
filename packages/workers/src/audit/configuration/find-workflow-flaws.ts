import { isMap, isPair, isScalar, isSeq, type Pair, parseDocument, visit } from 'yaml';
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

/** Flaws of a CI workflow. What is no YAML has none: CI refuses it too. */
export function findWorkflowFlaws(source: Source, rules: readonly Rule[]): readonly Hit[] {
  const wanted = new Set(rules);
  const document = parseDocument(source.text, { logLevel: 'silent' });
  const isTargeted = isTargetedBy(document.contents);
  const hits: Hit[] = [];
  visit(document, {
    Pair(_key, pair) {
      hits.push(...hitsOf(pair, isTargeted));
    },
  });
  return hits.filter(({ rule }) => wanted.has(rule));
}

/** Whether it runs for strangers with the rights of the repository. `on` is a text, a list or a table. */
function isTargetedBy(workflow: unknown): boolean {
  const triggers = isMap(workflow) ? workflow.get('on', true) : undefined;
  const named = isMap(triggers) || isSeq(triggers) ? triggers.items : [triggers];
  const names = named.map((item) => textOf(isPair(item) ? item.key : item));
  return names.includes('pull_request_target') || names.includes('workflow_run');
}

function hitsOf(pair: Pair, isTargeted: boolean): readonly Hit[] {
  const key = isScalar(pair.key) ? String(pair.key.value) : '';
  const check = CHECKS[key];
  return check === undefined ? [] : check(pair, isTargeted);
}

const CHECKS: Readonly<Record<string, (pair: Pair, isTargeted: boolean) => readonly Hit[]>> = {
  uses(pair) {
    const used = textOf(pair.value);
    return isUnpinned(used) ? [hit(UNPINNED_ACTION, pair.value, `${used} can change at any time`)] : [];
  },
  run(pair) {
    const expressions = [...textOf(pair.value).matchAll(EXPRESSION)].map(
      ([, expression]) => expression ?? '',
    );
    const words = expressions.map((expression) => STRANGERS_WORDS.exec(expression)?.[0]).find(Boolean);
    return words === undefined
      ? []
      : [hit(SCRIPT_INJECTION, pair.value, `${words} becomes part of the script`)];
  },
  permissions(pair) {
    return textOf(pair.value) === 'write-all' ? [hit(BROAD_TOKEN, pair.value)] : [];
  },
  with(pair, isTargeted) {
    const reference = isMap(pair.value)
      ? pair.value.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === 'ref')
      : undefined;
    const foreign = isTargeted && reference !== undefined && STRANGERS_HEAD.test(textOf(reference.value));
    return foreign ? [hit(FOREIGN_CHECKOUT, reference.value)] : [];
  },
};

function isUnpinned(used: string): boolean {
  if (used === '' || used.startsWith('.') || used.includes('${{')) return false;
  if (used.startsWith('docker://'))
    return !/(?:@sha256:|:(?!latest\b)[^/]+$)/.test(used.slice('docker://'.length));
  const [, reference = ''] = used.split('@');
  return !FIXED_REFERENCE.test(reference);
}

function textOf(node: unknown): string {
  return isScalar(node) && typeof node.value === 'string' ? node.value : '';
}

function hit(rule: Rule, node: unknown, message?: string): Hit {
  const range = isScalar(node) ? node.range : undefined;
  const [index, end] = range ?? [0, 0];
  return { rule, index, length: end - index, ...(message === undefined ? {} : { message }) };
}
