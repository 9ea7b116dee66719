import type { CommandEntry } from './command.ts';
import { exportRecords, verify } from './commands/audit.ts';
import { addGrant, listGrants, revokeGrant } from './commands/grant.ts';
import { releaseLock, showLocks } from './commands/lock.ts';
import { logs } from './commands/logs.ts';
import { runs } from './commands/runs.ts';
import { show } from './commands/show.ts';
import { answer, cancel, priority, signal } from './commands/steer.ts';
import { LOG_FLAGS } from './run/log-flags.ts';

const UNDO: CommandEntry = {
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
  load: async () => (await import('./commands/doing.ts')).undo,
};

/** Every command of `cadre`, in the order of its help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'Write a cadre.yaml that fits this repository',
    options: [
      ['-y, --yes', 'write the settings without asking'],
      ['--hook', 'add the pre-commit hook'],
      ['--ci', 'write a workflow for continuous integration'],
    ],
    examples: ['cadre init', 'cadre init --yes --hook'],
    load: async () => (await import('./commands/doing.ts')).init,
  },
  {
    name: 'import',
    summary: 'Take over the settings of routine-workflow from pyproject.toml',
    arguments: [['[file]', 'a pyproject.toml or its folder (default: that of this repository)']],
    options: [['-y, --yes', 'write without asking']],
    examples: ['cadre import', 'cadre import ../old/pyproject.toml --yes'],
    load: async () => (await import('./commands/doing.ts')).importSettings,
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
    load: async () => (await import('./commands/doing.ts')).run,
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
        load: async () => (await import('./commands/doing.ts')).restore,
      },
    ],
    examples: ['cadre hygiene --profile quick', 'cadre hygiene doctor', 'cadre hygiene init'],
    load: async () => (await import('./commands/doing.ts')).hygiene,
  },
  {
    name: 'plan',
    summary: 'Show every effect of every step before anything happens',
    arguments: [['<workflow>', 'name or file of a workflow; its own options follow']],
    completes: 'workflows',
    passThrough: true,
    examples: ['cadre plan hygiene', 'cadre plan hygiene --mermaid', 'cadre plan hygiene --json'],
    load: async () => (await import('./commands/doing.ts')).plan,
  },
  {
    name: 'check',
    summary: 'Find every problem of a workflow file, with line and column',
    arguments: [['<files...>', 'workflow files or names']],
    completes: 'workflows',
    examples: ['cadre check release.yaml'],
    load: async () => (await import('./commands/doing.ts')).check,
  },
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
        load: async () => (await import('./commands/doing.ts')).pin,
      },
      {
        name: 'unpin',
        summary: 'Let a run go when it falls due',
        arguments: [['<run>', 'id of a run or its beginning']],
        completes: 'runs',
        load: async () => (await import('./commands/doing.ts')).unpin,
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
        load: async () => (await import('./commands/doing.ts')).hold,
      },
      {
        name: 'release',
        summary: 'End a hold',
        arguments: [['<name>', 'of the hold']],
        load: async () => (await import('./commands/doing.ts')).release,
      },
      {
        name: 'pins',
        summary: 'List what is pinned and held',
        load: async () => (await import('./commands/doing.ts')).pins,
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
    load: async () => (await import('./commands/doing.ts')).resume,
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
    load: async () => (await import('./commands/doing.ts')).rerun,
  },
  UNDO,
  {
    name: 'trigger',
    summary: 'What starts runs by itself: schedules, webhooks, file changes, events',
    commands: [
      {
        name: 'list',
        summary: 'List the triggers, what fires them and when next',
        load: async () => (await import('./commands/doing.ts')).listTriggers,
      },
      {
        name: 'show',
        summary: 'Show one trigger and what it did last',
        arguments: [['<name>', 'name of the trigger']],
        load: async () => (await import('./commands/doing.ts')).showTrigger,
      },
      {
        name: 'next',
        summary: 'The next times of a schedule',
        arguments: [['<name>', 'name of the trigger']],
        options: [['-n, --count <count>', 'how many (default 10)']],
        examples: ['cadre trigger next nightly --count 10'],
        load: async () => (await import('./commands/doing.ts')).nextTimes,
      },
      {
        name: 'check',
        summary: 'Find every problem of triggers, with line and column',
        arguments: [['[files...]', 'files of triggers (default: all in .cadre/triggers)']],
        load: async () => (await import('./commands/doing.ts')).checkTriggers,
      },
      {
        name: 'pause',
        summary: 'Let a trigger start nothing until it is resumed',
        arguments: [['<name>', 'name of the trigger']],
        load: async () => (await import('./commands/doing.ts')).pauseTrigger,
      },
      {
        name: 'resume',
        summary: 'Let it go on',
        arguments: [['<name>', 'name of the trigger']],
        load: async () => (await import('./commands/doing.ts')).resumeTrigger,
      },
      {
        name: 'run',
        summary: 'Fire a trigger now and stay with its run',
        arguments: [['<name>', 'name of the trigger']],
        options: [
          ['--data <json>', 'what its expressions see as event.data (default null)'],
          ['--detach', 'leave the run to cadre serve'],
        ],
        load: async () => (await import('./commands/doing.ts')).runTrigger,
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
        load: async () => (await import('./commands/doing.ts')).backfillTrigger,
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
        load: async () => (await import('./commands/doing.ts')).triggerHistory,
      },
      {
        name: 'dead',
        summary: 'Firings whose runs failed for good',
        arguments: [['[name]', 'only this trigger']],
        options: [['-n, --limit <count>', 'how many (default 20)']],
        load: async () => (await import('./commands/doing.ts')).deadFirings,
      },
      {
        name: 'replay',
        summary: 'Run a dead firing again, with the same event',
        arguments: [['<firing>', 'its number']],
        options: [['--detach', 'leave the run to cadre serve']],
        load: async () => (await import('./commands/doing.ts')).replayFiring,
      },
    ],
  },
  {
    name: 'emit',
    summary: 'Tell triggers and waiting steps that something happened',
    arguments: [['<topic>', 'parts joined by dots, for example deploy.approved']],
    options: [['--data <json>', 'what goes with it (default null)']],
    examples: ['cadre emit deploy.approved --data \'{"version": "1.2.0"}\''],
    load: async () => (await import('./commands/doing.ts')).emit,
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
        load: async () => (await import('./commands/events.ts')).replayEvents,
      },
    ],
    examples: [
      "cadre events --follow --topic 'run.**'",
      'cadre events --stream last --from 1 --json',
      'cadre events --follow --stream last:write:1',
    ],
    load: async () => (await import('./commands/events.ts')).events,
  },
  {
    name: 'serve',
    summary: 'Stay: fire triggers, take webhooks, go on with what was left, perform what is handed in',
    options: [
      ['--host <address>', 'address to listen on (default: setting http.host, 127.0.0.1)'],
      ['--port <port>', 'port to listen on; 0: any (default: setting http.port, 4717)'],
      ['--no-http', 'take no webhooks'],
      ['--no-triggers', 'fire nothing'],
      ['--class <classes>', 'perform only these classes of work (comma-separated)'],
      ['--concurrency <count>', 'attempts at once of each class (default: settings `classes`)'],
      ['--weight <factor>', 'so many times the usual places: 2 on a machine twice as large'],
      ['--no-work', 'perform nothing'],
      ...LOG_FLAGS,
    ],
    examples: ['cadre serve', 'cadre serve --no-work'],
    load: async () => (await import('./commands/doing.ts')).serve,
  },
  {
    name: 'work',
    summary: 'Stay and perform what others hand in on a shared store',
    options: [
      ['--class <classes>', 'only these classes of work (comma-separated; default: all)'],
      ['--concurrency <count>', 'attempts at once of each class (default: settings `classes`)'],
      ['--weight <factor>', 'so many times the usual places: 2 on a machine twice as large'],
      ...LOG_FLAGS,
    ],
    examples: ['cadre work --class cpu,llm', 'cadre work --class deploy --concurrency 1'],
    load: async () => (await import('./commands/doing.ts')).work,
  },
  {
    name: 'migrate',
    summary: 'Move the store of this workspace between SQLite and PostgreSQL, and back',
    options: [
      ['--to <store>', '`sqlite`, postgres://…, or secret:NAME for an address that nobody shall see'],
      ['--plan', 'say what would be moved, and move nothing'],
    ],
    examples: ['cadre migrate --to secret:STORE_URL --plan', 'cadre migrate --to sqlite'],
    load: async () => (await import('./commands/doing.ts')).migrate,
  },
  {
    name: 'workers',
    summary: 'List the workers and what they do now; of one its actions, permissions and programs',
    arguments: [['[worker]', 'show one worker whole']],
    commands: [
      {
        name: 'clear',
        summary: 'Let a worker in quarantine be started again',
        arguments: [['<worker>', 'id of a worker']],
        examples: ['cadre workers clear code'],
        load: async () => (await import('./commands/doing.ts')).clearWorker,
      },
    ],
    examples: ['cadre workers', 'cadre workers git', 'cadre workers --json'],
    load: async () => (await import('./commands/doing.ts')).workers,
  },
  {
    name: 'grant',
    summary: 'What workers may do in this workspace',
    commands: [
      {
        name: 'list',
        summary: 'List the grants in force',
        load: async () => listGrants,
      },
      {
        name: 'add',
        summary: 'Grant a permission to a worker',
        arguments: [
          ['<worker>', 'id of the worker'],
          ['<permission>', 'type:scope, for example net:hooks.slack.com:443'],
        ],
        options: [
          ['--expires <duration>', 'how long it holds, for example 8h (default: until revoked)'],
          ['--for <principal>', 'in whose runs, for example trigger:nightly (default: yours)'],
        ],
        load: async () => addGrant,
      },
      {
        name: 'revoke',
        summary: 'Take a grant back, from the next call on',
        arguments: [['<grant>', 'id of the grant']],
        load: async () => revokeGrant,
      },
    ],
  },
  {
    name: 'audit',
    summary: 'The tamper-evident record of every decision',
    commands: [
      {
        name: 'verify',
        summary: 'Prove that no record was changed, removed or inserted',
        load: async () => verify,
      },
      {
        name: 'export',
        summary: 'Print the records as JSON lines',
        options: [['--run <run>', 'only those of one run']],
        load: async () => exportRecords,
      },
    ],
  },
  {
    name: 'lock',
    summary: 'Who holds what',
    commands: [
      {
        name: 'show',
        summary: 'List the leases and their holders',
        load: async () => showLocks,
      },
      {
        name: 'release',
        summary: 'Break a lease whose holder is gone',
        arguments: [['<name>', 'name of the lease']],
        options: [['--force', 'also when its holder is alive: for the owning user and role admin']],
        load: async () => releaseLock,
      },
    ],
  },
  {
    name: 'cache',
    summary: 'Results that are answered instead of doing unchanged work again',
    commands: [
      {
        name: 'list',
        summary: 'List the results that are kept, with their tags',
        load: async () => (await import('./commands/doing.ts')).listCache,
      },
      {
        name: 'clear',
        summary: 'Throw them away, so that everything is done anew',
        options: [['--tag <tag>', 'only those with this tag, for example step:test']],
        load: async () => (await import('./commands/doing.ts')).clearCache,
      },
    ],
  },
  {
    name: 'hooks',
    summary: 'Git hooks: checked on exactly what is staged, unstaged work never touched',
    commands: [
      {
        name: 'install',
        summary:
          'Make git run the hooks of this repository, or without any the profile quick, before each commit',
        options: [
          ['--into <place>', 'git (default), or an entry in the configuration of pre-commit or lefthook'],
        ],
        load: async () => (await import('./commands/doing.ts')).install,
      },
      {
        name: 'uninstall',
        summary: 'Remove it again',
        load: async () => (await import('./commands/doing.ts')).uninstall,
      },
      {
        name: 'status',
        summary: 'Show what is installed and which hooks would run',
        load: async () => (await import('./commands/doing.ts')).status,
      },
      {
        name: 'run',
        summary: 'Run the hooks now, on the staged files',
        options: [
          ['--all', 'on all files'],
          ['--stage <stage>', 'which stage (default pre-commit)'],
          ...LOG_FLAGS,
        ],
        load: async () => (await import('./commands/doing.ts')).runHooks,
      },
    ],
  },
  {
    name: 'config',
    summary: 'Settings: what holds, and where it comes from',
    commands: [
      {
        name: 'list',
        summary: 'All settings in force',
        load: async () => (await import('./commands/doing.ts')).listConfig,
      },
      {
        name: 'get',
        summary: 'Print one setting',
        arguments: [['<key>', 'for example hygiene.coverage']],
        load: async () => (await import('./commands/doing.ts')).getConfig,
      },
      {
        name: 'set',
        summary: 'Write one setting, keeping comments and order',
        arguments: [
          ['<key>', 'for example hygiene.coverage'],
          ['<value>', 'the value, as YAML'],
        ],
        load: async () => (await import('./commands/doing.ts')).setConfigValue,
      },
      {
        name: 'explain',
        summary: 'Every layer that sets a key, and which one wins',
        arguments: [['<key>', 'for example hygiene.coverage']],
        load: async () => (await import('./commands/doing.ts')).explainConfig,
      },
      {
        name: 'check',
        summary: 'Find every fault of the configuration files',
        load: async () => (await import('./commands/doing.ts')).checkConfig,
      },
    ],
  },
  {
    name: 'clean',
    summary: 'Remove what is kept of runs when its time is over, and give the room back',
    options: [
      ['-d, --plan', 'show what is kept, what would go, and change nothing'],
      ['--class <class>', 'only these: runs, plans, logs, artifacts, firings (comma-separated)'],
    ],
    examples: ['cadre clean --plan', 'cadre clean --class plans,logs'],
    load: async () => (await import('./commands/doing.ts')).clean,
  },
  {
    name: 'data',
    summary: 'Everything that is kept of runs: how much it is; back it up while it is used, and restore it',
    commands: [
      {
        name: 'sizes',
        summary: 'How much is kept of each class, and where',
        load: async () => (await import('./commands/doing.ts')).dataSizes,
      },
      {
        name: 'backup',
        summary: 'Copy the store into a file, and prove the copy',
        arguments: [['<file>', 'a file that is not there yet']],
        examples: ['cadre data backup ../cadre-monday.db'],
        load: async () => (await import('./commands/doing.ts')).backUp,
      },
      {
        name: 'restore',
        summary: 'Put a backup in the place of the store, which is kept beside',
        arguments: [['<file>', 'written by cadre data backup']],
        options: [['-d, --plan', 'prove the backup, show what is in it, and change nothing']],
        examples: ['cadre data restore ../cadre-monday.db --plan'],
        load: async () => (await import('./commands/doing.ts')).restoreData,
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
        load: async () => (await import('./commands/doing.ts')).listArtifacts,
      },
      {
        name: 'show',
        summary: 'What is known of an artifact: size, class, the runs that name it, and how it begins',
        arguments: [['<digest>', 'its digest, or the beginning of it']],
        examples: ['cadre artifacts show sha256:6ceb75'],
        load: async () => (await import('./commands/doing.ts')).showArtifact,
      },
      {
        name: 'export',
        summary: 'Write its value to a file: a text as it is, everything else as JSON',
        arguments: [
          ['<digest>', 'its digest, or the beginning of it'],
          ['[file]', 'a file that is not there yet (default: standard output)'],
        ],
        examples: ['cadre artifacts export 6ceb75 report.txt'],
        load: async () => (await import('./commands/doing.ts')).exportArtifact,
      },
      {
        name: 'keep',
        summary: 'Keep an artifact for ever, whatever becomes of its runs',
        arguments: [['<digest>', 'its digest, or the beginning of it']],
        options: [['--not', 'take that back: it goes by its age again']],
        examples: ['cadre artifacts keep 6ceb75', 'cadre artifacts keep 6ceb75 --not'],
        load: async () => (await import('./commands/doing.ts')).keepArtifact,
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
        load: async () => (await import('./commands/bench.ts')).benchStore,
      },
    ],
  },
  {
    name: 'maintenance',
    summary: 'What `cadre serve` does once a day: clean, and tidy the store',
    load: async () => (await import('./commands/doing.ts')).maintenance,
  },
  {
    name: 'doctor',
    summary: 'What works here, what is missing, and how to get it',
    options: [
      ['--repair', 'mend what can be mended, and say what: dead leases, runs that nobody holds, leftovers'],
    ],
    examples: ['cadre doctor', 'cadre doctor --repair', 'cadre doctor --json'],
    load: async () => (await import('./commands/doing.ts')).doctor,
  },
  {
    name: 'completion',
    summary: 'Print a completion script for your shell',
    arguments: [['<shell>', 'bash, zsh, fish or powershell']],
    examples: ['source <(cadre completion bash)'],
    load: async () => (await import('./commands/completion.ts')).completion,
  },
  {
    name: '__complete',
    summary: 'Print what could come next (called by the completion scripts)',
    hidden: true,
    passThrough: true,
    load: async () => (await import('./commands/completion.ts')).complete,
  },
];
