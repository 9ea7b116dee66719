import { findWorkflowFlaws } from '../configuration/find-workflow-flaws.ts';
import { WORKFLOW_RULES } from '../configuration/workflow-rules.ts';
import type { CodeKind, Hit, Rule } from '../rule.ts';
import { FLAW_RULES, findFlaws } from '../sast/find-flaws.ts';
import type { SyntaxFinder } from '../sast/javascript-syntax.ts';
import { findSecrets, isSecretRule, SECRET_RULES } from '../secrets/find-secrets.ts';
import { type AuditFinding, fingerprints, lineIdentity } from './audit-finding.ts';
import { keywordFilter } from './keyword-filter.ts';
import type { Source } from './source.ts';
import { applySuppressions } from './suppression.ts';

/** The tool that built-in findings name. */
export const BUILT_IN = 'cadre';

export interface Scanned {
  readonly findings: readonly AuditFinding[];
  /** Findings that a comment accepts. */
  readonly suppressed: number;
}

/** Makes the search for the built-in rules of the kinds. */
export function sourceScanner(
  kinds: readonly CodeKind[],
  findSyntax: SyntaxFinder | undefined,
): (source: Source) => Scanned {
  const wanted = new Set(kinds);
  const rules: readonly Rule[] = [...SECRET_RULES, ...FLAW_RULES, ...WORKFLOW_RULES];
  const candidates = keywordFilter(rules.filter(({ kind }) => wanted.has(kind)));
  return (source) => {
    const applicable = candidates(source.text);
    if (applicable.length === 0) return { findings: [], suppressed: 0 };
    const hits = [
      ...findSecrets(source, applicable.filter(isSecretRule)),
      ...findFlaws(source, applicable, findSyntax),
      ...(source.language === 'workflow' ? findWorkflowFlaws(source, applicable) : []),
    ];
    const { kept, suppressed } = applySuppressions(source, hits);
    return { findings: findingsOf(source, kept), suppressed };
  };
}

function findingsOf(source: Source, hits: readonly Hit[]): AuditFinding[] {
  const fingerprint = fingerprints();
  return hits
    .toSorted((a, b) => a.index - b.index)
    .map((hit) => {
      const { rule } = hit;
      const { line, column } = source.lines.position(hit.index);
      const text = lineIdentity(source.lines.lineText(line), column);
      return {
        tool: BUILT_IN,
        kind: rule.kind,
        rule: rule.id,
        title: rule.title,
        severity: hit.severity ?? rule.severity,
        confidence: hit.confidence ?? rule.confidence,
        file: source.path,
        line,
        column,
        message: hit.message ?? rule.title,
        fix: rule.fix,
        cwe: rule.cwe,
        fingerprint: fingerprint({ rule: rule.id, file: source.path, text }),
      };
    });
}
