import type { CommandEntry } from '../command.ts';
import { doing } from './doing.ts';

/** Starts runs by itself, and tells what happens. */
export const TRIGGERING: readonly CommandEntry[] = [
  {
    name: 'trigger',
    summary: 'What starts runs by itself: schedules, webhooks, file changes, events',
    commands: [
      {
        name: 'list',
        summary: 'List the triggers, what fires them and when next',
        load: doing('listTriggers'),
      },
      {
        name: 'show',
        summary: 'Show one trigger and what it did last',
        arguments: [['<name>', 'name of the trigger']],
        load: doing('showTrigger'),
      },
      {
        name: 'next',
        summary: 'The next times of a schedule',
        arguments: [['<name>', 'name of the trigger']],
        options: [['-n, --count <count>', 'how many (default 10)']],
        examples: ['cadre trigger next nightly --count 10'],
        load: doing('nextTimes'),
      },
      {
        name: 'check',
        summary: 'Find every problem of triggers, with line and column',
        arguments: [['[files...]', 'files of triggers (default: all in .cadre/triggers)']],
        load: doing('checkTriggers'),
      },
      {
        name: 'pause',
        summary: 'Let a trigger start nothing until it is resumed',
        arguments: [['<name>', 'name of the trigger']],
        load: doing('pauseTrigger'),
      },
      {
        name: 'resume',
        summary: 'Let it go on',
        arguments: [['<name>', 'name of the trigger']],
        load: doing('resumeTrigger'),
      },
      {
        name: 'run',
        summary: 'Fire a trigger now and stay with its run',
        arguments: [['<name>', 'name of the trigger']],
        options: [
          ['--data <json>', 'what its expressions see as event.data (default null)'],
          ['--detach', 'leave the run to cadre serve'],
        ],
        load: doing('runTrigger'),
      },
      {
        name: 'backfill',
        summary: 'Fire for times that are over and have no firing',
        arguments: [['<name>', 'name of the trigger']],
        options: [
          ['--from <time>', 'the first time, for example 2027-01-31 or 2027-01-31T08:00+01:00'],
          ['--to <time>', 'before this time (default: now)'],
          ['-d, --plan', 'show which and fire nothing'],
        ],
        load: doing('backfillTrigger'),
      },
      {
        name: 'history',
        summary: 'What triggers did, newest first',
        arguments: [['[name]', 'only this trigger']],
        options: [
          [
            '--status <status>',
            'only these (comma-separated): waiting, running, succeeded, skipped, cancelled, dead',
          ],
          ['--from <time>', 'due from this time on'],
          ['--to <time>', 'due before this time'],
          ['-n, --limit <count>', 'how many (default 20)'],
        ],
        load: doing('triggerHistory'),
      },
      {
        name: 'dead',
        summary: 'Firings whose runs failed for good',
        arguments: [['[name]', 'only this trigger']],
        options: [['-n, --limit <count>', 'how many (default 20)']],
        load: doing('deadFirings'),
      },
      {
        name: 'replay',
        summary: 'Run a dead firing again, with the same event',
        arguments: [['<firing>', 'its number']],
        options: [['--detach', 'leave the run to cadre serve']],
        load: doing('replayFiring'),
      },
    ],
  },
  {
    name: 'emit',
    summary: 'Tell triggers and waiting steps that something happened',
    arguments: [['<topic>', 'parts joined by dots, for example deploy.approved']],
    options: [['--data <json>', 'what goes with it (default null)']],
    examples: ['cadre emit deploy.approved --data \'{"version": "1.2.0"}\''],
    load: doing('emit'),
  },
  {
    name: 'events',
    summary: 'What happens and happened: runs, steps, triggers, decisions, in one form',
    options: [
      ['--topic <patterns>', "only these topics (comma-separated): 'run.*' is one level, 'run.**' all below"],
      ['--filter <expression>', 'only where this holds, for example \'event.step == "test"\''],
      ['--stream <stream>', 'one stream: a run, RUN:STEP:ATTEMPT, firing:NUMBER, emitted or audit'],
      ['--from <number>', 'from this number of the stream on'],
      ['--after <place>', 'from a place on that was printed before, or `start` (default: the newest 1,000)'],
      ['-f, --follow', 'stay, and show what happens from now on'],
    ],
    commands: [
      {
        name: 'replay',
        summary: 'Make the state of a run anew from its events, and compare it with what is stored',
        arguments: [['[stream]', 'a run (default: last), or any other stream']],
        completes: 'runs',
        options: [['--from <number>', 'show the events from this number on']],
        examples: ['cadre events replay last', 'cadre events replay run_01 --from 40'],
        load: async () => (await import('../commands/events.ts')).replayEvents,
      },
    ],
    examples: [
      "cadre events --follow --topic 'run.**'",
      'cadre events --stream last --from 1 --json',
      'cadre events --follow --stream last:write:1',
    ],
    load: async () => (await import('../commands/events.ts')).events,
  },
];
