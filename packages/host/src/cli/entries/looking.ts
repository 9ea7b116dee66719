import type { CommandEntry } from '../command.ts';
import { logs } from '../commands/logs.ts';
import { runs } from '../commands/runs.ts';
import { show } from '../commands/show.ts';
import { doing } from './doing.ts';

/** Shows what was run. */
export const LOOKING: readonly CommandEntry[] = [
  {
    name: 'runs',
    summary: 'List the runs of this workspace, newest first',
    arguments: [['[workflow]', 'only runs of this workflow']],
    completes: 'workflows',
    options: [
      ['--status <status>', 'only runs with this status (comma-separated)'],
      ['-n, --limit <count>', 'how many (default 20)'],
      ['--plans', 'plans instead of runs'],
    ],
    commands: [
      {
        name: 'pin',
        summary: 'Keep a run whatever its age, with the runs inside it',
        arguments: [['<run>', 'id of a run, its beginning, or `last`']],
        completes: 'runs',
        options: [['--reason <text>', 'why, for those who find it later']],
        examples: ['cadre runs pin last --reason "the release of May"'],
        load: doing('pin'),
      },
      {
        name: 'unpin',
        summary: 'Let a run go when it falls due',
        arguments: [['<run>', 'id of a run or its beginning']],
        completes: 'runs',
        load: doing('unpin'),
      },
      {
        name: 'hold',
        summary: 'For legal reasons: nothing is removed until the hold is released',
        arguments: [['<name>', 'of the hold, for example case-7']],
        options: [
          ['--workflow <workflow>', 'only runs of this workflow (default: all)'],
          ['--reason <text>', 'why'],
        ],
        examples: ['cadre runs hold case-7 --reason "asked for by the auditors"'],
        load: doing('hold'),
      },
      {
        name: 'release',
        summary: 'End a hold',
        arguments: [['<name>', 'of the hold']],
        load: doing('release'),
      },
      {
        name: 'pins',
        summary: 'List what is pinned and held',
        load: doing('pins'),
      },
    ],
    examples: ['cadre runs hygiene --status failed', 'cadre runs pin last'],
    load: async () => runs,
  },
  {
    name: 'show',
    summary: 'Show one run: steps, findings, effects, why it waits',
    arguments: [['[run]', 'id of a run, its beginning, or `last` (default)']],
    completes: 'runs',
    options: [
      ['--events', 'the journal of the run'],
      ['--effects', 'what it changed, with diffs'],
      ['--timings', 'durations, compared with earlier runs'],
      ['--mermaid', 'a drawing of its steps'],
      ['--compare <run>', 'beside another run: steps, durations, findings, changes'],
      ['--format <format>', 'the report as html, junit or sarif'],
    ],
    examples: [
      'cadre show',
      'cadre show run_01 --effects',
      'cadre show last --compare run_01',
      'cadre show last --format html > report.html',
    ],
    load: async () => show,
  },
  {
    name: 'logs',
    summary: 'Print what the steps of a run said',
    arguments: [['[run]', 'id of a run, its beginning, or `last` (default)']],
    completes: 'runs',
    options: [
      ['-f, --follow', 'go on until the run is over'],
      ['--step <step>', 'only this step'],
      ['--level <level>', 'from this level on: debug, info, warn, error (default info)'],
    ],
    examples: ['cadre logs --follow', 'cadre logs run_01 --step test'],
    load: async () => logs,
  },
];
