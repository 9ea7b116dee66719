import { syntaxFinding, type Tool } from './tool.ts';

/** What `cargo new` writes today; for files that belong to no package. */
const EDITION = '2021';

export const rustfmt: Tool = {
  name: 'rustfmt',
  program: 'rustfmt',
  stage: 'format',
  languages: ['rust'],
  chosen: (folder) => folder.file('Cargo.toml'),
  canonical: true,
  layout: true,
  // Given names it would also format every module that they declare; given text it keeps to that text.
  input: 'stdin',
  fix: (folder) => ['--edition', folder.cargoValue('edition') ?? EDITION, '--emit', 'stdout', '--quiet'],
  exits: [0],
  parse: ({ stderr }) =>
    [...stderr.matchAll(/^error(?:\[\w+\])?: (?<message>.*)\n\s*--> .*?:(?<line>\d+):(?<column>\d+)/gm)]
      .slice(0, 1)
      .map(({ groups = {} }) =>
        syntaxFinding(undefined, groups['line'], groups['column'], groups['message'] ?? ''),
      ),
  version: { arguments: ['--version'] },
  install: { apt: 'rustfmt', other: 'rustup component add rustfmt' },
};
