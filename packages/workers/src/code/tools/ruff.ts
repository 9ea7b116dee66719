import type { Completed } from '@cadre/sdk';
import type { Folder } from '../folder.ts';
import { blackChosen } from './black.ts';
import { jsonOf, syntaxFinding, syntaxLines, type Tool, type ToolFinding } from './tool.ts';

const chosen = (folder: Folder) =>
  folder.file('ruff.toml', '.ruff.toml') ??
  folder.pythonTable('tool.ruff') ??
  folder.pythonDependency('ruff') ??
  folder.hook('ruff', 'ruff-check', 'ruff-format');

/** Many repositories use ruff to lint only: another formatter, or hooks without its formatter, say so. */
const formatChosen = (folder: Folder) => {
  const named = folder.pythonTable('tool.ruff.format') ?? folder.hook('ruff-format');
  const lintOnly =
    blackChosen(folder) ?? folder.pythonTable('tool.yapf') ?? folder.hook('ruff', 'ruff-check');
  return named ?? (lintOnly === undefined ? chosen(folder) : undefined);
};

const same = {
  program: 'ruff',
  languages: ['python'],
  needsProject: true,
  input: 'files',
  env: { RUFF_NO_CACHE: 'true' },
  version: { arguments: ['--version'] },
  install: { python: 'ruff', brew: 'ruff' },
} as const;

/** How its formatter names a fault of syntax, in older and in newer versions. */
const FAULTS = [
  /^error: Failed to parse (?<file>.+?):(?<line>\d+):(?<column>\d+): (?<message>.*)$/gm,
  /^invalid-syntax: (?<message>.*)\n\s*--> (?<file>.+?):(?<line>\d+):(?<column>\d+)$/gm,
];

export const ruff: readonly Tool[] = [
  {
    ...same,
    name: 'ruff check',
    minimum: '0.0.291',
    stage: 'lint',
    chosen,
    fix: () => ['check', '--fix', '--force-exclude', '--output-format=json'],
    inspect: () => ['check', '--force-exclude', '--output-format=json'],
    exits: [0],
    parse: parseRuff,
  },
  {
    ...same,
    name: 'ruff format',
    minimum: '0.1.2',
    stage: 'format',
    chosen: formatChosen,
    layout: true,
    // With --quiet it would not say which file it cannot read.
    fix: () => ['format', '--force-exclude'],
    exits: [0],
    parse: ({ stdout, stderr }) => FAULTS.flatMap((fault) => syntaxLines(`${stdout}\n${stderr}`, fault)),
  },
];

interface RuffFinding {
  readonly code: string | null;
  readonly message: string;
  readonly filename: string;
  readonly location: { readonly row: number; readonly column: number } | null;
  readonly fix?: { readonly message?: string | null } | null;
}

function parseRuff({ stdout }: Completed): ToolFinding[] {
  return ((jsonOf(stdout) ?? []) as readonly RuffFinding[]).map(findingOf);
}

function findingOf({ code, message, filename, location, fix }: RuffFinding): ToolFinding {
  if (code === null || code === 'invalid-syntax' || code === 'E999') {
    return syntaxFinding(filename, location?.row, location?.column, message);
  }
  return {
    file: filename,
    rule: code,
    severity: /^(F|B|S|E9|PLE)/.test(code) ? 'medium' : 'low',
    message,
    ...(location === null ? {} : { line: location.row, column: location.column }),
    ...(typeof fix?.message === 'string' ? { fix: fix.message } : {}),
  };
}
