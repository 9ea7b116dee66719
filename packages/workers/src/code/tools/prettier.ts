import { syntaxLines, type Tool } from './tool.ts';

export const prettier: Tool = {
  name: 'prettier',
  program: 'prettier',
  stage: 'format',
  languages: [
    'javascript',
    'typescript',
    'vue',
    'svelte',
    'json',
    'css',
    'scss',
    'html',
    'graphql',
    'markdown',
    'yaml',
  ],
  chosen: (folder) =>
    folder.file('.prettierrc', '.prettierrc.*', 'prettier.config.*') ??
    folder.packageKey('prettier') ??
    folder.npmDependency('prettier') ??
    folder.hook('prettier'),
  layout: true,
  needsProject: true,
  input: 'files',
  fix: () => ['--write', '--no-color', '--log-level=warn', '--ignore-unknown'],
  exits: [0],
  parse: ({ stderr }) =>
    syntaxLines(
      stderr,
      /^\[error\] (?<file>.+?): (?:\w*Error): (?<message>.*?)(?: \((?<line>\d+):(?<column>\d+)\))?$/gm,
    ),
  version: { arguments: ['--version'] },
  minimum: '3.0.0',
  install: { npm: 'prettier' },
};
