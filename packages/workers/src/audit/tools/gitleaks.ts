import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { list, present, table, text, wholeNumber } from '../loose.ts';
import type { ExternalTool, ToolAnswer, ToolFinding } from './external-tool.ts';
import { toolFailed } from './tool-failure.ts';

export const gitleaks: ExternalTool = {
  name: 'gitleaks',
  program: 'gitleaks',
  kind: 'secrets',
  chosen: (folder) =>
    folder.file('.gitleaks.toml', 'gitleaks.toml', '.gitleaksignore') ?? folder.hook('gitleaks'),
  applies: ({ files }) => files.length > 0,
  install: 'brew install gitleaks, or a release from its project page',
  async scan({ context }) {
    const report = join(await context.tempDir(), 'gitleaks.json');
    // Leaks are no error here, so that every other code than 0 is one.
    const completed = await context.exec('gitleaks', [
      'detect',
      '--no-git',
      '--no-banner',
      '--redact',
      '--exit-code=0',
      '--report-format=json',
      `--report-path=${report}`,
      '--source=.',
    ]);
    if (completed.code !== 0) throw toolFailed('gitleaks', completed, 'scan the files');
    const written = await readFile(report, 'utf8').catch(() => undefined);
    const parsed = written === undefined ? undefined : parseJson(written);
    if (parsed === undefined) throw toolFailed('gitleaks', completed, 'write its report');
    return parseGitleaks(parsed);
  },
};

function parseJson(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return undefined;
  }
}

/** The JSON report of version 8. It is asked to redact, and what it still tells of a secret is left out here. */
export function parseGitleaks(report: unknown): ToolAnswer {
  return { findings: list(report).map((one) => findingOf(table(one))), unread: [] };
}

function findingOf(leak: Readonly<Record<string, unknown>>): ToolFinding {
  const rule = text(leak['RuleID']) ?? 'unknown';
  return present({
    rule,
    title: `${rule} in a file`,
    severity: 'high',
    confidence: 'medium',
    file: text(leak['File']) ?? '.',
    line: wholeNumber(leak['StartLine']),
    column: wholeNumber(leak['StartColumn']),
    message: text(leak['Description']) ?? rule,
    fix: 'revoke it where it was issued, then read it from the environment or a secret store',
    cwe: 798,
  } as const);
}
