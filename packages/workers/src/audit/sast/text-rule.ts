import type { Hit, Rule } from '../rule.ts';
import type { Source } from '../scan/source.ts';
import { atMost } from '../severity.ts';
import { type Blanked, blankLiterals, LITERAL_SYNTAX } from './blank-literals.ts';
import { type Argument, callArguments } from './call-arguments.ts';

export type TextLanguage = keyof typeof LITERAL_SYNTAX;

/** A flaw that a regular expression finds in code whose comments and strings are out of the way. */
export interface TextRule extends Rule {
  readonly kind: 'sast' | 'configuration';
  readonly languages: readonly TextLanguage[];
  /** Global. When it ends with an opening bracket, `when` gets the arguments of that call. */
  readonly pattern: RegExp;
  /** `uncommented` keeps what strings hold. Default `code`. */
  readonly on?: keyof Blanked;
  readonly when?: (call: readonly Argument[], found: RegExpExecArray) => boolean;
}

export function textRule(given: Omit<TextRule, 'kind'> & Partial<Pick<TextRule, 'kind'>>): TextRule {
  return { kind: 'sast', ...given };
}

/** What the rules find, in the order of the text. In tests nothing is worse than `low`: it runs on nobody's data. */
export function findByText(
  source: Source,
  language: TextLanguage,
  rules: readonly TextRule[],
): readonly Hit[] {
  const applicable = rules.filter((rule) => rule.languages.includes(language));
  if (applicable.length === 0) return [];
  const blanked = blankLiterals(source.text, LITERAL_SYNTAX[language]);
  return applicable.flatMap((rule) => hitsOf(rule, source, blanked)).sort((a, b) => a.index - b.index);
}

function hitsOf(rule: TextRule, source: Source, blanked: Blanked): Hit[] {
  const hits: Hit[] = [];
  for (const found of blanked[rule.on ?? 'code'].matchAll(rule.pattern)) {
    const open = found.index + found[0].length - 1;
    const call = found[0].endsWith('(') ? callArguments(blanked.code, source.text, open) : [];
    if (rule.when?.(call, found) === false) continue;
    const severity = source.role === 'product' ? rule.severity : atMost(rule.severity, 'low');
    hits.push({ rule, index: found.index, length: found[0].length, severity });
  }
  return hits;
}
