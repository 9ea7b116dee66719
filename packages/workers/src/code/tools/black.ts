import type { Folder } from '../folder.ts';
import { syntaxLines, type Tool } from './tool.ts';

export const blackChosen = (folder: Folder) =>
  folder.pythonTable('tool.black') ??
  folder.pythonDependency('black') ??
  folder.hook('black', 'black-jupyter');

export const black: Tool = {
  name: 'black',
  program: 'black',
  stage: 'format',
  languages: ['python'],
  chosen: blackChosen,
  layout: true,
  input: 'files',
  fix: () => ['--quiet', '--no-color'],
  exits: [0],
  parse: ({ stderr }) =>
    syntaxLines(
      stderr,
      /^error: cannot format (?<file>.+?): (?<message>(?:Cannot parse[^:]*: )?(?:(?<line>\d+):(?<column>\d+))?.*)$/gm,
    ),
  version: { arguments: ['--version'] },
  install: { python: 'black', apt: 'black', brew: 'black' },
};
