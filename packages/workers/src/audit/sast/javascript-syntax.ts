import type { Hit } from '../rule.ts';
import type { Language } from '../scan/language.ts';
import type { Source } from '../scan/source.ts';
import { atMost } from '../severity.ts';
import type { SyntaxRule } from './syntax-rule.ts';

/** Finds rules in the syntax tree of one source. */
export type SyntaxFinder = (source: Source, rules: readonly SyntaxRule[]) => readonly Hit[];

type AstGrep = typeof import('@ast-grep/napi');

/** Throws what loading a native module throws, for example on a system that it was not built for. */
export async function loadSyntaxFinder(
  load: () => Promise<AstGrep> = () => import('@ast-grep/napi'),
): Promise<SyntaxFinder> {
  const { parse, Lang } = await load();
  const grammars: Partial<Record<Language, string>> = {
    javascript: Lang.JavaScript,
    typescript: Lang.TypeScript,
    tsx: Lang.Tsx,
  };
  return (source, rules) => {
    const grammar = source.language === undefined ? undefined : grammars[source.language];
    const likely = rules.filter((rule) => isLikely(rule, source));
    if (grammar === undefined || likely.length === 0) return [];
    const root = parse(grammar, source.text).root();
    const hits = likely.flatMap((rule) => {
      const severity = source.role === 'product' ? rule.severity : atMost(rule.severity, 'low');
      return root.findAll(configOf(rule)).map((node) => {
        const { start, end } = node.range();
        return { rule, index: start.index, length: end.index - start.index, severity };
      });
    });
    return hits.sort((a, b) => a.index - b.index);
  };
}

function isLikely(rule: SyntaxRule, source: Source): boolean {
  if (rule.jsx && source.language === 'typescript') return false;
  return rule.likely?.test(source.text) ?? true;
}

/** The module's own type of a rule wants mutable arrays and the kinds of one grammar. */
function configOf({ match, constraints }: SyntaxRule): never {
  return { rule: match, ...(constraints === undefined ? {} : { constraints }) } as never;
}
