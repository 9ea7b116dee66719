import { createHash } from 'node:crypto';
import type { AuditFinding } from '../scan/audit-finding.ts';
import type { Severity } from '../severity.ts';

const LEVELS: Readonly<Record<Severity, 'note' | 'warning' | 'error'>> = {
  info: 'note',
  low: 'note',
  medium: 'warning',
  high: 'error',
  critical: 'error',
};

/** What code hosts sort by: the middle of each band of the Common Vulnerability Scoring System. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = {
  info: '0.0',
  low: '2.0',
  medium: '5.5',
  high: '8.0',
  critical: '9.5',
};

export interface SarifInput {
  readonly findings: readonly AuditFinding[];
  /** Shown as suppressed, so that a code host does not open them again. */
  readonly accepted: readonly AuditFinding[];
}

/** A SARIF 2.1.0 log with one run for each tool; a tool without findings has none. */
export function toSarif({ findings, accepted }: SarifInput): object {
  const suppressed = new Set(accepted);
  const all = [...findings, ...accepted];
  const tools = [...new Set(all.map(({ tool }) => tool))].sort();
  // A log without findings still says that the scan ran.
  const named = tools.length === 0 ? ['cadre'] : tools;
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: named.map((tool) =>
      runOf(
        tool,
        all.filter((finding) => finding.tool === tool),
        suppressed,
      ),
    ),
  };
}

function runOf(
  tool: string,
  findings: readonly AuditFinding[],
  suppressed: ReadonlySet<AuditFinding>,
): object {
  const rules = [...new Map(findings.map((finding) => [finding.rule, finding])).values()];
  const indexes = new Map(rules.map(({ rule }, index) => [rule, index]));
  return {
    tool: { driver: { name: tool, informationUri: 'https://cadre.dev', rules: rules.map(ruleOf) } },
    columnKind: 'utf16CodeUnits',
    originalUriBaseIds: { WORKSPACE: { description: { text: 'Root of the workspace' } } },
    results: findings.map((finding) => ({
      ruleId: finding.rule,
      ruleIndex: indexes.get(finding.rule),
      level: LEVELS[finding.severity],
      message: { text: finding.message },
      locations: [{ physicalLocation: locationOf(finding) }],
      partialFingerprints: { 'cadre/v1': finding.fingerprint },
      properties: { severity: finding.severity, confidence: finding.confidence },
      ...(suppressed.has(finding) ? { suppressions: [{ kind: 'external', status: 'accepted' }] } : {}),
    })),
  };
}

function ruleOf(finding: AuditFinding): object {
  const { rule, title, fix, severity, cwe, kind } = finding;
  return {
    id: rule,
    shortDescription: { text: title },
    ...(fix === undefined ? {} : { help: { text: fix } }),
    defaultConfiguration: { level: LEVELS[severity] },
    properties: {
      'security-severity': SECURITY_SEVERITY[severity],
      tags: ['security', kind, ...(cwe === undefined ? [] : [`external/cwe/cwe-${cwe}`])],
    },
  };
}

function locationOf({ file, line, column }: AuditFinding): object {
  const uri = file.split('/').map(encodeURIComponent).join('/');
  return {
    artifactLocation: { uri, uriBaseId: 'WORKSPACE' },
    ...(line === undefined
      ? {}
      : { region: { startLine: line, ...(column === undefined ? {} : { startColumn: column }) } }),
  };
}

/** A name for the log that is the same for the same content. */
export function sarifName(action: string, content: string): string {
  return `${action}-${createHash('sha256').update(content).digest('hex').slice(0, 12)}.sarif`;
}
