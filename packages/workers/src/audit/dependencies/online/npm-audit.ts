import { basename, dirname, join } from 'node:path';
import { list, present, table, text } from '../../loose.ts';
import type { Severity } from '../../severity.ts';
import { toolFailed, toolJson } from '../../tools/tool-failure.ts';
import type { Lock } from '../locks/read-locks.ts';
import type { Vulnerability } from '../vulnerability.ts';
import type { OnlineTool } from './online-tool.ts';

const SEVERITIES: Readonly<Record<string, Severity>> = {
  info: 'info',
  low: 'low',
  moderate: 'medium',
  high: 'high',
  critical: 'critical',
};

export const npmAudit: OnlineTool = {
  name: 'npm audit',
  program: 'npm',
  reads: ({ path }) => ['package-lock.json', 'npm-shrinkwrap.json'].includes(basename(path)),
  install: 'apt install npm',
  async ask(context, lock) {
    const completed = await context.exec('npm', ['audit', '--json', '--package-lock-only', '--no-fund'], {
      cwd: join(context.workspace, dirname(lock.path)),
      env: { NO_UPDATE_NOTIFIER: '1', npm_config_logs_max: '0' },
    });
    // 1 says that there are findings, and also that the registry did not answer.
    const report = table(toolJson('npm audit', completed, `ask about ${lock.path}`));
    if (report['vulnerabilities'] === undefined)
      throw toolFailed('npm audit', completed, `ask about ${lock.path}`);
    return parseNpmAudit(report, lock);
  },
};

/** The report of `npm audit --json`, version 2 (npm 7 and newer). */
export function parseNpmAudit(report: unknown, lock: Lock): readonly Vulnerability[] {
  const entries = Object.values(table(table(report)['vulnerabilities'])).map(table);
  return entries.flatMap((entry) => {
    const nodes = list(entry['nodes']).map((node) => `${JSON.stringify(node)}:`);
    const packages = lock.packages.filter(
      ({ anchor, name }) => nodes.includes(anchor) && name === entry['name'],
    );
    // A text names another package through which this one is affected; that one has an entry of its own.
    const advisories = list(entry['via'])
      .filter((via) => typeof via === 'object')
      .map(table);
    return packages.flatMap((locked) =>
      advisories.map(({ url, source, title, severity }) =>
        present({
          tool: 'npm audit',
          lock: lock.path,
          locked,
          names: [/GHSA-[\w-]+$/.exec(text(url) ?? '')?.[0] ?? `npm-${String(source)}`],
          summary: text(title) ?? 'no title given',
          severity: SEVERITIES[text(severity) ?? ''],
          fixed: text(table(entry['fixAvailable'])['version']),
        }),
      ),
    );
  });
}
