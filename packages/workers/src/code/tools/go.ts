import { syntaxLines, type Tool } from './tool.ts';

const go = {
  languages: ['go'],
  stage: 'format',
  layout: true,
  input: 'files',
  exits: [0],
  parse: ({ stderr }) => syntaxLines(stderr, /^(?<file>.+?):(?<line>\d+):(?<column>\d+): (?<message>.*)$/gm),
} as const satisfies Partial<Tool>;

export const goTools: readonly Tool[] = [
  {
    ...go,
    name: 'goimports',
    program: 'goimports',
    chosen: (folder) => folder.hook('go-imports', 'goimports') ?? folder.command('goimports'),
    needsProject: true,
    fix: () => ['-w'],
    version: { program: 'go', arguments: ['version'] },
    install: { apt: 'golang-golang-x-tools', other: 'go install golang.org/x/tools/cmd/goimports@latest' },
  },
  {
    ...go,
    name: 'gofmt',
    program: 'gofmt',
    chosen: (folder) => folder.file('go.mod'),
    canonical: true,
    fix: () => ['-w'],
    version: { program: 'go', arguments: ['version'] },
    install: { apt: 'golang-go', brew: 'go' },
  },
];
