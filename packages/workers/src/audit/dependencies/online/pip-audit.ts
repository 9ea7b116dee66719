import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { list, present, table, text } from '../../loose.ts';
import { toolFailed, toolJson } from '../../tools/tool-failure.ts';
import type { Lock } from '../locks/read-locks.ts';
import { pythonName } from '../python-version.ts';
import type { Vulnerability } from '../vulnerability.ts';
import type { OnlineTool } from './online-tool.ts';

export const pipAudit: OnlineTool = {
  name: 'pip-audit',
  program: 'pip-audit',
  reads: ({ packages }) => packages.some(({ ecosystem }) => ecosystem === 'PyPI'),
  install: 'pip install pip-audit',
  async ask(context, lock) {
    // Whatever wrote the lock file, the program reads requirements; nothing is resolved or installed.
    const requirements = join(await context.tempDir(), 'requirements.txt');
    await writeFile(requirements, lock.packages.map(({ name, version }) => `${name}==${version}\n`).join(''));
    const completed = await context.exec('pip-audit', [
      '--requirement',
      requirements,
      '--no-deps',
      '--disable-pip',
      '--format=json',
      '--progress-spinner=off',
    ]);
    const report = table(toolJson('pip-audit', completed, `ask about ${lock.path}`));
    if (report['dependencies'] === undefined)
      throw toolFailed('pip-audit', completed, `ask about ${lock.path}`);
    return parsePipAudit(report, lock);
  },
};

/** The report of `pip-audit --format=json`. It has no severities. */
export function parsePipAudit(report: unknown, lock: Lock): readonly Vulnerability[] {
  return list(table(report)['dependencies'])
    .map(table)
    .flatMap((dependency) => {
      const locked = lock.packages.find(
        ({ name, version }) =>
          name === pythonName(text(dependency['name']) ?? '') && version === dependency['version'],
      );
      if (locked === undefined) return [];
      return list(dependency['vulns'])
        .map(table)
        .map(({ id, aliases, description, fix_versions: fixes }) =>
          present({
            tool: 'pip-audit',
            lock: lock.path,
            locked,
            names: [text(id) ?? 'unknown', ...list(aliases).filter((alias) => typeof alias === 'string')],
            summary: (text(description) ?? 'no description given').trim().split('\n')[0]?.slice(0, 200) ?? '',
            fixed: text(list(fixes)[0]),
          }),
        );
    });
}
