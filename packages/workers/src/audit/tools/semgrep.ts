import type { Folder } from '../../code/folder.ts';
import { list, present, table, text, wholeNumber } from '../loose.ts';
import type { Severity } from '../severity.ts';
import type { ExternalTool, ToolAnswer, ToolFinding } from './external-tool.ts';
import { toolFailed, toolJson } from './tool-failure.ts';

const SEVERITIES: Readonly<Record<string, Severity>> = {
  CRITICAL: 'critical',
  ERROR: 'high',
  HIGH: 'high',
  WARNING: 'medium',
  MEDIUM: 'medium',
  LOW: 'low',
  INFO: 'info',
};
const CONFIDENCES: Readonly<Record<string, 'low' | 'medium' | 'high'>> = {
  LOW: 'low',
  MEDIUM: 'medium',
  HIGH: 'high',
};

/** Rules of the repository only: named ones would be fetched. */
const rulesOf = (folder: Folder) => folder.file('.semgrep.yml', '.semgrep.yaml', '.semgrep');

export const semgrep: ExternalTool = {
  name: 'semgrep',
  program: 'semgrep',
  kind: 'sast',
  chosen: rulesOf,
  applies: ({ folder }) => rulesOf(folder) !== undefined,
  install: 'pip install semgrep',
  async scan({ context, folder }) {
    const rules = rulesOf(folder) ?? '.semgrep.yml';
    const completed = await context.exec(
      'semgrep',
      ['scan', '--json', '--quiet', '--metrics=off', '--disable-version-check', '--config', rules, '.'],
      { env: { SEMGREP_SEND_METRICS: 'off', SEMGREP_ENABLE_VERSION_CHECK: '0' } },
    );
    if (completed.code > 1) throw toolFailed('semgrep', completed, `scan with ${rules}`);
    return parseSemgrep(toolJson('semgrep', completed, `scan with ${rules}`));
  },
};

/** The output of `semgrep scan --json`, version 1. */
export function parseSemgrep(report: unknown): ToolAnswer {
  const { results, errors } = table(report);
  return {
    findings: list(results).map((one) => findingOf(table(one))),
    unread: list(errors).map((one) => text(table(one)['message']) ?? 'an error without a message'),
  };
}

function findingOf(result: Readonly<Record<string, unknown>>): ToolFinding {
  const { message, severity, metadata, fix } = table(result['extra']);
  const { cwe, confidence } = table(metadata);
  const start = table(result['start']);
  const rule = text(result['check_id']) ?? 'unknown';
  return present({
    rule,
    title: rule.split('.').at(-1) ?? rule,
    severity: SEVERITIES[text(severity) ?? ''] ?? 'medium',
    confidence: CONFIDENCES[text(confidence) ?? ''] ?? 'medium',
    file: text(result['path']) ?? '.',
    line: wholeNumber(start['line']),
    column: wholeNumber(start['col']),
    message: text(message) ?? rule,
    fix: text(fix),
    cwe: cweOf(cwe),
  });
}

/** `CWE-78: Improper …`, alone or in a list. */
function cweOf(value: unknown): number | undefined {
  const named = text(value) ?? text(list(value)[0]);
  const digits = /CWE-(\d+)/.exec(named ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
