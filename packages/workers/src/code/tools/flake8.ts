import type { Completed } from '@cadre/sdk';
import { syntaxFinding, type Tool, type ToolFinding } from './tool.ts';

const LINE = /^(?<file>.+?):(?<line>\d+):(?<column>\d+): (?<rule>[A-Z]+\d+) (?<message>.*)$/gm;

export const flake8: Tool = {
  name: 'flake8',
  program: 'flake8',
  stage: 'lint',
  languages: ['python'],
  chosen: (folder) =>
    folder.file('.flake8') ??
    folder.section('flake8') ??
    folder.pythonDependency('flake8') ??
    folder.hook('flake8'),
  input: 'files',
  inspect: () => ['--color=never', '--format=default'],
  exits: [0],
  parse: parseFlake8,
  version: { arguments: ['--version'] },
  install: { python: 'flake8', apt: 'flake8', brew: 'flake8' },
};

function parseFlake8({ stdout }: Completed): ToolFinding[] {
  return [...stdout.matchAll(LINE)].map(({ groups = {} }) => {
    const { file = '', line, column, rule = '', message = '' } = groups;
    if (rule.startsWith('E9')) return syntaxFinding(file, line, column, message);
    const severity = rule.startsWith('F') ? 'medium' : 'low';
    return { file, line: Number(line), column: Number(column), rule, severity, message };
  });
}
