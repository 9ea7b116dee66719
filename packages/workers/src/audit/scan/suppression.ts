import type { Hit, Rule } from '../rule.ts';
import type { Source } from './source.ts';

const COMMENT = /cadre-ignore:[ \t]*([a-z0-9-]+)[ \t]*([^\n]*)/g;
/** A line that holds nothing but a comment speaks of the line below it. */
const COMMENT_ONLY = /^\s*(?:\/\/|\/\*|#|<!--|--|;|\*|\{\/\*)/;
const COMMENT_END = /(?:\*\/\}?|-->)?\s*$/;

export const UNREASONED: Rule = {
  id: 'suppression-without-reason',
  kind: 'configuration',
  title: 'Suppression without a reason',
  severity: 'low',
  confidence: 'high',
  cwe: 1116,
  fix: 'write why after the name of the rule: cadre-ignore: RULE because …',
  keywords: ['cadre-ignore:'],
};

export interface Suppressed {
  readonly kept: readonly Hit[];
  readonly suppressed: number;
}

/**
 * Takes out what `cadre-ignore: RULE reason` comments on the line itself or above it accept. A comment without a
 * reason accepts nothing and is a hit itself.
 */
export function applySuppressions(source: Source, hits: readonly Hit[]): Suppressed {
  if (!source.text.includes('cadre-ignore:')) return { kept: hits, suppressed: 0 };
  const accepted = new Set<string>();
  const unreasoned: Hit[] = [];
  for (const comment of source.text.matchAll(COMMENT)) {
    const { line } = source.lines.position(comment.index);
    const reason = (comment[2] ?? '').replace(COMMENT_END, '').trim();
    const covered = COMMENT_ONLY.test(source.lines.lineText(line)) ? line + 1 : line;
    if (reason === '') unreasoned.push({ rule: UNREASONED, index: comment.index, length: comment[0].length });
    else accepted.add(`${comment[1]} ${covered}`);
  }
  const kept = hits.filter(
    ({ rule, index }) => !accepted.has(`${rule.id} ${source.lines.position(index).line}`),
  );
  return { kept: [...kept, ...unreasoned], suppressed: hits.length - kept.length };
}
