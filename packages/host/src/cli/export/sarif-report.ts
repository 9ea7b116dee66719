import type { Finding } from '@cadre/sdk';
import { findingKey, findingsOf, type RunDetails, type StepFinding } from '../show/run-details.ts';
import { VERSION } from '../version.ts';

const LEVELS: Readonly<Record<Finding['severity'], 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};

/** All findings of a run as SARIF 2.1.0, one `run` a tool: https://docs.oasis-open.org/sarif/sarif/v2.1.0/ */
export function sarifReport(details: RunDetails): string {
  const findings = findingsOf(details);
  const tools = [...new Set(findings.map(({ tool }) => tool))].sort();
  const { id, state } = details;
  const invocations = [{ executionSuccessful: state.status === 'succeeded' }];
  const automationDetails = { id: `${state.workflow}/${id}` };
  const runs = (tools.length === 0 ? ['cadre'] : tools).map((tool) => {
    const own = findings.filter((finding) => finding.tool === tool);
    const rules = [...new Set(own.map(({ rule }) => rule))].sort();
    return {
      tool: { driver: { ...driverOf(tool), rules: rules.map((rule) => ({ id: rule })) } },
      automationDetails,
      invocations,
      originalUriBaseIds: { ROOT: { description: { text: 'the root of the workspace' } } },
      results: own.map((finding) => resultOf(finding, rules)),
    };
  });
  const document = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function driverOf(tool: string) {
  return tool === 'cadre' ? { name: tool, version: VERSION } : { name: tool };
}

function resultOf(finding: StepFinding, rules: readonly string[]) {
  const { rule, severity, message, file, line, fix, step, confidence } = finding;
  return {
    ruleId: rule,
    ruleIndex: rules.indexOf(rule),
    level: LEVELS[severity],
    message: { text: fix === undefined ? message : `${message} (${fix})` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: 'ROOT' },
          ...(line === undefined || line < 1 ? {} : { region: { startLine: line } }),
        },
      },
    ],
    // Lines move; what was found, and where, does not.
    partialFingerprints: { 'cadre/v1': findingKey(finding) },
    properties: { step, severity, confidence },
  };
}
