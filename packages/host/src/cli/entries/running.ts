import type { CommandEntry } from '../command.ts';
import { doing } from './doing.ts';
import { UNDO } from './undo.ts';

/** Runs workflows, and what has to be there for it. */
export const RUNNING: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'Write a cadre.yaml that fits this repository',
    options: [
      ['-y, --yes', 'write the settings without asking'],
      ['--hook', 'add the pre-commit hook'],
      ['--ci', 'write a workflow for continuous integration'],
    ],
    examples: ['cadre init', 'cadre init --yes --hook'],
    load: doing('init'),
  },
  {
    name: 'import',
    summary: 'Take over the settings of routine-workflow from pyproject.toml',
    arguments: [['[file]', 'a pyproject.toml or its folder (default: that of this repository)']],
    options: [['-y, --yes', 'write without asking']],
    examples: ['cadre import', 'cadre import ../old/pyproject.toml --yes'],
    load: doing('importSettings'),
  },
  {
    name: 'run',
    summary: 'Run a workflow: show what it would change, ask, do it, report',
    arguments: [['<workflow>', 'name or file of a workflow; its own options follow (cadre run NAME --help)']],
    completes: 'workflows',
    passThrough: true,
    examples: [
      'cadre run hygiene --path ~/my-repo',
      'cadre run hygiene --steps format,lint --yes',
      'cadre run ./release.yaml --plan',
    ],
    load: doing('run'),
  },
  {
    name: 'hygiene',
    summary: 'Short for: cadre run hygiene; also: steps, profiles, doctor, init, undo, restore',
    passThrough: true,
    commands: [
      UNDO,
      {
        name: 'restore',
        summary: 'Restore files from the backup that a run made',
        arguments: [
          ['<run>', 'id of a run, its beginning, or `last`'],
          ['[paths...]', 'only these files or folders (globs too)'],
        ],
        completes: 'runs',
        options: [
          ['--to <folder>', 'where to; it is made when it is not there'],
          ['-y, --yes', 'without asking'],
          ['-d, --plan', 'show what would be written and change nothing'],
        ],
        examples: [
          'cadre hygiene restore last --to ../restored',
          'cadre hygiene restore last src --to . --plan',
        ],
        load: doing('restore'),
      },
    ],
    examples: ['cadre hygiene --profile quick', 'cadre hygiene doctor', 'cadre hygiene init'],
    load: doing('hygiene'),
  },
  {
    name: 'plan',
    summary: 'Show every effect of every step before anything happens',
    arguments: [['<workflow>', 'name or file of a workflow; its own options follow']],
    completes: 'workflows',
    passThrough: true,
    examples: ['cadre plan hygiene', 'cadre plan hygiene --mermaid', 'cadre plan hygiene --json'],
    load: doing('plan'),
  },
  {
    name: 'check',
    summary: 'Find every problem of a workflow file, with line and column',
    arguments: [['<files...>', 'workflow files or names']],
    completes: 'workflows',
    examples: ['cadre check release.yaml'],
    load: doing('check'),
  },
];
