import type { CommandEntry } from '../command.ts';
import { doing } from './doing.ts';

/** What is kept, and for how long. */
export const KEEPING: readonly CommandEntry[] = [
  {
    name: 'clean',
    summary: 'Remove what is kept of runs when its time is over, and give the room back',
    options: [
      ['-d, --plan', 'show what is kept, what would go, and change nothing'],
      ['--class <class>', 'only these: runs, plans, logs, artifacts, firings, audit (comma-separated)'],
    ],
    examples: ['cadre clean --plan', 'cadre clean --class plans,logs'],
    load: doing('clean'),
  },
  {
    name: 'data',
    summary: 'Everything that is kept of runs: how much it is; back it up while it is used, and restore it',
    commands: [
      {
        name: 'sizes',
        summary: 'How much is kept of each class, and where',
        load: doing('dataSizes'),
      },
      {
        name: 'backup',
        summary: 'Copy the store into a file, and prove the copy',
        arguments: [['<file>', 'a file that is not there yet']],
        examples: ['cadre data backup ../cadre-monday.db'],
        load: doing('backUp'),
      },
      {
        name: 'restore',
        summary: 'Put a backup in the place of the store, which is kept beside',
        arguments: [['<file>', 'written by cadre data backup']],
        options: [['-d, --plan', 'prove the backup, show what is in it, and change nothing']],
        examples: ['cadre data restore ../cadre-monday.db --plan'],
        load: doing('restoreData'),
      },
    ],
  },
  {
    name: 'artifacts',
    summary: 'Values of runs that are too large for their journals',
    commands: [
      {
        name: 'list',
        summary: 'The artifacts, the last used first',
        options: [
          ['--run <run>', 'only those that this run names (id, its beginning, or `last`)'],
          ['--limit <count>', 'how many (default 20)'],
          ['--cursor <cursor>', 'from an earlier page'],
        ],
        examples: ['cadre artifacts list', 'cadre artifacts list --run last'],
        load: doing('listArtifacts'),
      },
      {
        name: 'show',
        summary: 'What is known of an artifact: size, class, the runs that name it, and how it begins',
        arguments: [['<digest>', 'its digest, or the beginning of it']],
        examples: ['cadre artifacts show sha256:6ceb75'],
        load: doing('showArtifact'),
      },
      {
        name: 'export',
        summary: 'Write its value to a file: a text as it is, everything else as JSON',
        arguments: [
          ['<digest>', 'its digest, or the beginning of it'],
          ['[file]', 'a file that is not there yet (default: standard output)'],
        ],
        examples: ['cadre artifacts export 6ceb75 report.txt'],
        load: doing('exportArtifact'),
      },
      {
        name: 'keep',
        summary: 'Keep an artifact for ever, whatever becomes of its runs',
        arguments: [['<digest>', 'its digest, or the beginning of it']],
        options: [['--not', 'take that back: it goes by its age again']],
        examples: ['cadre artifacts keep 6ceb75', 'cadre artifacts keep 6ceb75 --not'],
        load: doing('keepArtifact'),
      },
    ],
  },
  {
    name: 'bench',
    summary: 'Measurements on this machine',
    commands: [
      {
        name: 'store',
        summary:
          'How long lists, pages, appends and counts take, by the number of runs, in a store made for that',
        options: [
          ['--runs <counts>', 'how many runs, separated by commas (default 10000)'],
          ['--write <file>', 'keep the figures in this file, beside those of other counts'],
        ],
        examples: ['cadre bench store', 'cadre bench store --runs 10000,1000000 --write figures.json'],
        load: async () => (await import('../commands/bench.ts')).benchStore,
      },
    ],
  },
  {
    name: 'maintenance',
    summary: 'What `cadre serve` does once a day: clean, and tidy the store',
    load: doing('maintenance'),
  },
];
