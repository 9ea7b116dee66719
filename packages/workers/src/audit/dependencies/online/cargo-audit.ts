import { basename, join } from 'node:path';
import { list, present, table, text } from '../../loose.ts';
import { toolFailed, toolJson } from '../../tools/tool-failure.ts';
import { cvssScore, severityOfScore } from '../advisories/cvss.ts';
import type { Lock } from '../locks/read-locks.ts';
import type { Vulnerability } from '../vulnerability.ts';
import type { OnlineTool } from './online-tool.ts';

export const cargoAudit: OnlineTool = {
  name: 'cargo audit',
  program: 'cargo-audit',
  reads: ({ path }) => basename(path) === 'Cargo.lock',
  install: 'cargo install cargo-audit',
  async ask(context, lock) {
    const completed = await context.exec('cargo-audit', [
      'audit',
      '--json',
      '--file',
      join(context.workspace, lock.path),
    ]);
    const report = table(toolJson('cargo audit', completed, `ask about ${lock.path}`));
    if (report['vulnerabilities'] === undefined)
      throw toolFailed('cargo audit', completed, `ask about ${lock.path}`);
    return parseCargoAudit(report, lock);
  },
};

/** The report of `cargo audit --json`: vulnerabilities, and warnings such as `unmaintained` for information. */
export function parseCargoAudit(report: unknown, lock: Lock): readonly Vulnerability[] {
  const { vulnerabilities, warnings } = table(report);
  const notices = Object.values(table(warnings)).flatMap(list);
  return [
    ...list(table(vulnerabilities)['list']).flatMap((one) => vulnerabilityOf(table(one), lock, false)),
    ...notices.flatMap((one) => vulnerabilityOf(table(one), lock, true)),
  ];
}

function vulnerabilityOf(entry: ReturnType<typeof table>, lock: Lock, isNotice: boolean): Vulnerability[] {
  const { id, aliases, title, cvss } = table(entry['advisory']);
  const { name, version } = table(entry['package']);
  const locked = lock.packages.find((one) => one.name === name && one.version === version);
  // A yanked version has no advisory.
  if (locked === undefined || typeof id !== 'string') return [];
  const score = cvssScore(text(cvss) ?? '');
  const rated = score === undefined ? undefined : severityOfScore(score);
  const patched = text(list(table(entry['versions'])['patched'])[0]);
  return [
    present({
      tool: 'cargo audit',
      lock: lock.path,
      locked,
      names: [id, ...list(aliases).filter((alias) => typeof alias === 'string')],
      summary: text(title) ?? 'no title given',
      severity: isNotice ? ('info' as const) : rated,
      fixed: patched?.replace(/^[\s>=^~]+/, ''),
    }),
  ];
}
