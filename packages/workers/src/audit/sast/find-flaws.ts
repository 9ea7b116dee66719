import type { Hit, Rule } from '../rule.ts';
import type { Language } from '../scan/language.ts';
import type { Source } from '../scan/source.ts';
import { JAVASCRIPT_LINES } from './javascript-lines.ts';
import { JAVASCRIPT_RULES } from './javascript-rules.ts';
import type { SyntaxFinder } from './javascript-syntax.ts';
import { PYTHON_RULES } from './python-rules.ts';
import type { SyntaxRule } from './syntax-rule.ts';
import { SYSTEM_RULES } from './system-rules.ts';
import { findByText, type TextLanguage, type TextRule } from './text-rule.ts';

export const TEXT_RULES: readonly TextRule[] = [...PYTHON_RULES, ...SYSTEM_RULES];

export const FLAW_RULES: readonly (TextRule | SyntaxRule)[] = [...TEXT_RULES, ...JAVASCRIPT_RULES];

const TEXT_LANGUAGES: Partial<Record<Language, TextLanguage>> = {
  python: 'python',
  go: 'go',
  rust: 'rust',
  shell: 'shell',
  dockerfile: 'dockerfile',
};
const SCRIPTS: ReadonlySet<Language | undefined> = new Set<Language>(['javascript', 'typescript', 'tsx']);

/** Dangerous calls and settings in a source by those of the rules that speak of its language. */
export function findFlaws(
  source: Source,
  rules: readonly Rule[],
  findSyntax: SyntaxFinder | undefined,
): readonly Hit[] {
  if (source.generated) return [];
  if (SCRIPTS.has(source.language)) return findInScript(source, rules, findSyntax);
  const language = source.language === undefined ? undefined : TEXT_LANGUAGES[source.language];
  return language === undefined ? [] : findByText(source, language, rules.filter(isTextRule));
}

function findInScript(
  source: Source,
  rules: readonly Rule[],
  findSyntax: SyntaxFinder | undefined,
): readonly Hit[] {
  const applicable = rules.filter(isSyntaxRule);
  if (applicable.length === 0) return [];
  if (findSyntax !== undefined) return findSyntax(source, applicable);
  const ids = new Set(applicable.map(({ id }) => id));
  const lines = JAVASCRIPT_LINES.filter(({ id }) => ids.has(id));
  return findByText(source, 'javascript', lines);
}

function isTextRule(rule: Rule): rule is TextRule {
  return 'languages' in rule;
}

function isSyntaxRule(rule: Rule): rule is SyntaxRule {
  return 'match' in rule;
}
