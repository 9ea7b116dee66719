import type { Completed } from '@cadre/sdk';
import { jsonOf, syntaxFinding, type Tool, type ToolFinding } from './tool.ts';

interface EslintFile {
  readonly filePath: string;
  readonly messages: readonly EslintMessage[];
}

interface EslintMessage {
  readonly ruleId: string | null;
  readonly fatal?: boolean;
  readonly severity: 1 | 2;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  readonly suggestions?: readonly { readonly desc: string }[];
}

export const eslint: Tool = {
  name: 'eslint',
  program: 'eslint',
  stage: 'lint',
  languages: ['javascript', 'typescript', 'vue', 'svelte'],
  // Its dependency alone is not enough: without a configuration it refuses to run.
  chosen: (folder) =>
    folder.file('eslint.config.*', '.eslintrc', '.eslintrc.*') ?? folder.packageKey('eslintConfig'),
  needsProject: true,
  input: 'files',
  fix: () => ['--fix', '--format=json', '--no-error-on-unmatched-pattern'],
  inspect: () => ['--format=json', '--no-error-on-unmatched-pattern'],
  exits: [0],
  parse: parseEslint,
  version: { arguments: ['--version'] },
  minimum: '6.8.0',
  install: { npm: 'eslint' },
};

function parseEslint({ stdout }: Completed): ToolFinding[] {
  const files = (jsonOf(stdout) ?? []) as readonly EslintFile[];
  return files.flatMap(({ filePath, messages }) =>
    messages.filter((message) => !isAboutIgnoring(message)).map((message) => findingOf(filePath, message)),
  );
}

/** Said of files that the configuration leaves out, when they are named on the command line. */
function isAboutIgnoring(message: EslintMessage): boolean {
  return message.ruleId === null && !message.fatal && message.message.startsWith('File ignored');
}

function findingOf(file: string, message: EslintMessage): ToolFinding {
  if (message.fatal) return syntaxFinding(file, message.line, message.column, message.message);
  const suggestion = message.suggestions?.[0]?.desc;
  return {
    file,
    rule: message.ruleId ?? 'eslint',
    severity: message.severity === 2 ? 'medium' : 'low',
    message: message.message,
    ...(message.line === undefined ? {} : { line: message.line }),
    ...(message.column === undefined ? {} : { column: message.column }),
    ...(suggestion === undefined ? {} : { fix: suggestion }),
  };
}
