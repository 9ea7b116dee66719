import type { CommandEntry } from '../command.ts';
import { answer, cancel, priority, signal } from '../commands/steer.ts';
import { LOG_FLAGS } from '../run/log-flags.ts';
import { doing } from './doing.ts';
import { UNDO } from './undo.ts';

/** Steers runs that are there. */
export const STEERING: readonly CommandEntry[] = [
  {
    name: 'cancel',
    summary: 'Cancel a run, wherever it runs, with all its processes',
    arguments: [['<run>', 'id of a run or its beginning']],
    completes: 'runs',
    options: [['--reason <text>', 'why, for the journal']],
    examples: ['cadre cancel run_01'],
    load: async () => cancel,
  },
  {
    name: 'answer',
    summary: 'Answer the question that a run waits for',
    arguments: [
      ['<run>', 'id of a run or its beginning'],
      ['[answer]', 'allow, deny, retry, continue or abort'],
    ],
    completes: 'runs',
    options: [
      ['--step <step>', 'which step, when several wait'],
      ['--data <json>', 'what the form of the question asks for'],
      ['--delegate <person>', 'hand the question to somebody else instead of answering it'],
    ],
    examples: ['cadre answer run_01 allow', 'cadre answer run_01 allow --data \'{"ticket": "OPS-7"}\''],
    load: async () => answer,
  },
  {
    name: 'signal',
    summary: 'Tell a run something that a step of it waits for',
    arguments: [
      ['<run>', 'id of a run or its beginning'],
      ['<topic>', 'parts joined by dots, for example deploy.approved'],
    ],
    completes: 'runs',
    options: [['--data <json>', 'what goes with it (default null)']],
    examples: ['cadre signal run_01 build.finished --data \'{"ok": true}\''],
    load: async () => signal,
  },
  {
    name: 'priority',
    summary: 'Let what waits of a run go before others, or after them',
    arguments: [
      ['<run>', 'id of a run or its beginning'],
      ['<level>', 'high, normal or low'],
    ],
    completes: 'runs',
    options: [['--step <step>', 'only this step, which waits (default: the run, with those inside it)']],
    examples: ['cadre priority run_01 high', 'cadre priority run_01 low --step each/3/test'],
    load: async () => priority,
  },
  {
    name: 'resume',
    summary: 'Go on with a run whose process ended',
    arguments: [['[run]', 'id of a run or its beginning; default: all that can go on']],
    completes: 'runs',
    options: LOG_FLAGS,
    examples: ['cadre resume', 'cadre resume run_01'],
    load: doing('resume'),
  },
  {
    name: 'rerun',
    summary: 'Run again, reusing the results before a step',
    arguments: [['<run>', 'id of a run or its beginning']],
    completes: 'runs',
    options: [
      ['--from <step>', 'first step that is run anew (default: the first that did not succeed)'],
      ['-y, --yes', 'without asking'],
      ...LOG_FLAGS,
    ],
    examples: ['cadre rerun run_01 --from test'],
    load: doing('rerun'),
  },
  UNDO,
];
