import type { CommandEntry } from '../command.ts';
import { doing } from './doing.ts';

/** By itself, and as one of hygiene. */
export const UNDO: CommandEntry = {
  name: 'undo',
  summary: 'Put back the files that a run changed, created or deleted',
  arguments: [['[run]', 'id of a run, its beginning, or `last` (default)']],
  completes: 'runs',
  options: [
    ['-y, --yes', 'without asking'],
    ['-d, --plan', 'show what would be put back and change nothing'],
    ['--back', "take the undoing back: the run's changes again"],
  ],
  examples: ['cadre undo', 'cadre undo run_01 --plan', 'cadre undo last --back --yes'],
  load: doing('undo'),
};
