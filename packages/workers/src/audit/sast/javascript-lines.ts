import { isLiteral } from './call-arguments.ts';
import { JAVASCRIPT_RULES } from './javascript-rules.ts';
import { type TextRule, textRule } from './text-rule.ts';

/**
 * Stands in where the syntax tree cannot be had: the rules that matter most, by their look. Each keeps the id of the
 * rule that it stands in for, so that baselines and comments hold with either.
 */
export const JAVASCRIPT_LINES: readonly TextRule[] = [
  ...line('javascript-eval', {
    pattern: /(?<![\w$.])(?:(?:window|globalThis|global|self)\.)?eval\s{0,4}\(/g,
    when: (call) => !isLiteral(call[0]),
  }),
  ...line('javascript-new-function', {
    pattern: /\bnew\s{1,4}Function\s{0,4}\(/g,
    when: (call) => call.some((argument) => !isLiteral(argument)),
  }),
  ...line('javascript-shell', {
    pattern: /(?<![\w$.])(?:(?:child_process|childProcess|cp)\.)?exec(?:Sync)?\s{0,4}\(/g,
    when: ([command]) =>
      command !== undefined &&
      ((command.text.startsWith('`') && command.text.includes('${')) ||
        /["'`]\s*\+|\+\s*["'`]/.test(command.code)),
  }),
  ...line('javascript-markup', {
    pattern:
      /\.(?:inner|outer)HTML\s{0,4}\+?=(?!=)\s{0,4}(?!["'\s])|\bdocument\.write(?:ln)?\(\s{0,4}(?!["'\s)])/g,
  }),
  ...line('javascript-tls-disabled', {
    on: 'uncommented',
    pattern:
      /\brejectUnauthorized["']?\s{0,4}[:=]\s{0,4}(?:false|0)\b|NODE_TLS_REJECT_UNAUTHORIZED["'\]]{0,2}\s{0,4}=\s{0,4}["']?0/g,
  }),
];

function line(id: string, look: Pick<TextRule, 'pattern' | 'when' | 'on'>): TextRule[] {
  return JAVASCRIPT_RULES.filter((rule) => rule.id === id).map(({ title, severity, cwe, fix, keywords }) =>
    textRule({
      id,
      title,
      severity,
      cwe,
      fix,
      keywords,
      languages: ['javascript'],
      confidence: 'low',
      ...look,
    }),
  );
}
