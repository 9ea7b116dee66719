import type { Folder } from '../folder.ts';
import { syntaxLines, type Tool } from './tool.ts';

const python = { languages: ['python'], input: 'files', needsProject: true } as const;

const named = (folder: Folder, tool: string) =>
  folder.pythonTable(`tool.${tool}`) ?? folder.pythonDependency(tool) ?? folder.hook(tool);

/** In the order in which they depend on one another: remove, add, sort. */
export const pythonImports: readonly Tool[] = [
  {
    ...python,
    name: 'autoflake',
    program: 'autoflake',
    stage: 'lint',
    chosen: (folder) => named(folder, 'autoflake'),
    fix: () => ['--in-place', '--remove-unused-variables'],
    exits: [0],
    parse: () => [],
    version: { arguments: ['--version'] },
    install: { python: 'autoflake' },
  },
  {
    ...python,
    name: 'autoimport',
    program: 'autoimport',
    stage: 'lint',
    chosen: (folder) => named(folder, 'autoimport'),
    fix: () => [],
    exits: [0],
    parse: () => [],
    version: { arguments: ['--version'] },
    install: { python: 'autoimport' },
  },
  {
    ...python,
    name: 'isort',
    program: 'isort',
    stage: 'format',
    chosen: (folder) =>
      folder.file('.isort.cfg') ?? folder.section('isort', 'tool:isort') ?? named(folder, 'isort'),
    // Without --atomic it would write what Python cannot read; --filter-files keeps its own exclusions.
    fix: () => ['--quiet', '--atomic', '--filter-files'],
    exits: [0],
    parse: ({ stderr }) =>
      syntaxLines(
        stderr,
        /UserWarning: (?<file>.+?) (?<message>unable to sort due to existing syntax errors)/g,
      ),
    version: { arguments: ['--version-number'] },
    install: { python: 'isort', apt: 'isort', brew: 'isort' },
  },
];
