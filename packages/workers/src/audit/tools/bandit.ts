import { list, present, table, text, wholeNumber } from '../loose.ts';
import type { ExternalTool, ToolAnswer, ToolFinding } from './external-tool.ts';
import { toolFailed, toolJson } from './tool-failure.ts';

/** A command line holds at least 128 KiB; names have a few hundred bytes at most. */
const FILES_A_CALL = 400;
const LEVELS: Readonly<Record<string, 'low' | 'medium' | 'high'>> = {
  LOW: 'low',
  MEDIUM: 'medium',
  HIGH: 'high',
};

const isPython = (path: string) => path.endsWith('.py');

export const bandit: ExternalTool = {
  name: 'bandit',
  program: 'bandit',
  kind: 'sast',
  chosen: (folder) =>
    folder.pythonTable('tool.bandit') ??
    folder.file('bandit.yaml', 'bandit.yml', '.bandit') ??
    folder.pythonDependency('bandit') ??
    folder.hook('bandit'),
  applies: ({ files }) => files.some(isPython),
  install: 'pip install bandit',
  async scan({ context, folder, files }) {
    const settings =
      folder.file('bandit.yaml', 'bandit.yml') ?? (folder.pythonTable('tool.bandit') && 'pyproject.toml');
    const chosen = settings === undefined ? [] : ['-c', settings];
    const answers: ToolAnswer[] = [];
    for (const names of chunks(files.filter(isPython), FILES_A_CALL)) {
      // 1 says that there are findings, and also that something went wrong: only readable JSON tells.
      const completed = await context.exec('bandit', ['-q', '-f', 'json', ...chosen, '--', ...names]);
      if (completed.code > 1) throw toolFailed('bandit', completed, 'scan the Python files');
      answers.push(parseBandit(toolJson('bandit', completed, 'scan the Python files')));
    }
    return {
      findings: answers.flatMap(({ findings }) => findings),
      unread: answers.flatMap(({ unread }) => unread),
    };
  },
};

/** Bandit's report, versions 1.6 to 1.8. */
export function parseBandit(report: unknown): ToolAnswer {
  const { results, errors } = table(report);
  return {
    findings: list(results).map((one) => findingOf(table(one))),
    unread: list(errors).map((one) => {
      const { filename, reason } = table(one);
      return `${text(filename) ?? 'a file'}: ${text(reason) ?? 'no reason given'}`;
    }),
  };
}

function findingOf(result: Readonly<Record<string, unknown>>): ToolFinding {
  const line = wholeNumber(result['line_number']);
  const column = wholeNumber(result['col_offset']);
  const rule = text(result['test_id']) ?? 'unknown';
  const more = text(result['more_info']);
  return present({
    rule,
    title: (text(result['test_name']) ?? rule).replaceAll('_', ' '),
    severity: LEVELS[text(result['issue_severity']) ?? ''] ?? 'medium',
    confidence: LEVELS[text(result['issue_confidence']) ?? ''] ?? 'medium',
    file: text(result['filename']) ?? '.',
    line,
    // Bandit counts columns from 0.
    column: column === undefined ? undefined : column + 1,
    message: text(result['issue_text']) ?? rule,
    fix: more === undefined ? undefined : `see ${more}`,
    cwe: wholeNumber(table(result['issue_cwe'])['id']),
  });
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
