import type { Completed } from '@cadre/sdk';
import { jsonOf, syntaxFinding, syntaxLines, type Tool, type ToolFinding } from './tool.ts';

export const shellTools: readonly Tool[] = [
  {
    name: 'shfmt',
    program: 'shfmt',
    stage: 'format',
    languages: ['shell'],
    // It has no file of settings but .editorconfig, which alone does not say that somebody uses it.
    chosen: (folder) => folder.hook('shfmt', 'shfmt-src', 'shfmt-docker') ?? folder.command('shfmt'),
    layout: true,
    input: 'files',
    fix: () => ['-w'],
    exits: [0],
    parse: ({ stderr }) =>
      syntaxLines(stderr, /^(?<file>.+?):(?<line>\d+):(?<column>\d+): (?<message>.*)$/gm),
    version: { arguments: ['--version'] },
    install: { apt: 'shfmt', brew: 'shfmt', other: 'go install mvdan.cc/sh/v3/cmd/shfmt@latest' },
  },
  {
    name: 'shellcheck',
    minimum: '0.7.0',
    program: 'shellcheck',
    stage: 'lint',
    languages: ['shell'],
    chosen: (folder) =>
      folder.file('.shellcheckrc') ?? folder.hook('shellcheck') ?? folder.command('shellcheck'),
    canonical: true,
    input: 'files',
    inspect: () => ['--format=json1', '--color=never'],
    exits: [0],
    parse: parseShellcheck,
    version: { arguments: ['--version'] },
    install: { apt: 'shellcheck', brew: 'shellcheck' },
  },
];

interface ShellcheckComment {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly level: string;
  readonly code: number;
  readonly message: string;
}

const SEVERITIES = { error: 'high', warning: 'medium', info: 'low' } as const;
/** SC1000 to SC1999 are about what it could not parse; those of level `error` are faults of syntax. */
const PARSER_CODES = 2000;

function parseShellcheck({ stdout }: Completed): ToolFinding[] {
  const { comments = [] } = (jsonOf(stdout) ?? {}) as { readonly comments?: readonly ShellcheckComment[] };
  return comments.map(findingOf);
}

function findingOf({ file, line, column, level, code, message }: ShellcheckComment): ToolFinding {
  if (level === 'error' && code < PARSER_CODES) return syntaxFinding(file, line, column, message);
  return {
    file,
    line,
    column,
    rule: `SC${code}`,
    severity: SEVERITIES[level as keyof typeof SEVERITIES] ?? 'info',
    message,
    fix: `see https://www.shellcheck.net/wiki/SC${code}`,
  };
}
