import type { CommandEntry } from '../command.ts';
import { doing } from './doing.ts';

/** Packages of workers. */
export const PACKAGING: readonly CommandEntry[] = [
  {
    name: 'worker',
    summary: 'Workers: which there are, and making, installing, comparing and removing them',
    commands: [
      {
        name: 'list',
        summary: 'List the workers and what they do now, and those that cannot be used',
        options: [['--licences', 'of workers that did not come with Cadre, and of what they bring along']],
        examples: ['cadre worker list', 'cadre worker list --licences', 'cadre worker list --json'],
        load: doing('listWorkers'),
      },
      {
        name: 'show',
        summary: 'Show one worker whole: actions, permissions, programs, processes',
        arguments: [['<worker>', 'its id, or ID@VERSION for one of several']],
        examples: ['cadre worker show git'],
        load: doing('showWorker'),
      },
      {
        name: 'why',
        summary: 'What an action may do, by what and how less would do; or who requires a worker',
        arguments: [['<action>', 'worker/action, or a worker']],
        options: [
          ['--workflow <name>', 'as in this workflow'],
          ['--step <step>', 'as in this step of it'],
          ['--run <run>', 'as in this run, with what its callers allow'],
          ['--for <principal>', 'in whose runs, for example trigger:nightly (default: yours)'],
          [
            '--called-by <actions>',
            'as called by this action; of several, with commas, each is called by the one before',
          ],
        ],
        examples: [
          'cadre worker why git/push',
          'cadre worker why git',
          'cadre worker why git/push --workflow hygiene --step push',
          'cadre worker why git/status --called-by greeter/greet',
        ],
        load: doing('whyWorker'),
      },
      {
        name: 'clear',
        summary: 'Let a worker in quarantine be started again',
        arguments: [['<worker>', 'id of a worker']],
        examples: ['cadre worker clear code'],
        load: doing('clearWorker'),
      },
      {
        name: 'new',
        summary: 'Make a worker to begin with: complete, and tested',
        arguments: [['<id>', 'what it is called']],
        options: [
          ['--template <name>', 'action, step, stream, program or api (default: action)'],
          ['--in <folder>', 'where to (default: .cadre/workers of the workspace, where it is found)'],
        ],
        examples: ['cadre worker new greeter', 'cadre worker new mailer --template api --in .'],
        load: doing('newWorker'),
      },
      {
        name: 'validate',
        summary: 'Say all that is wrong with workers, without starting them',
        arguments: [['[folders...]', 'folders with worker.yaml (default: this one)']],
        options: [['--strict', 'warnings are faults, those of the security checklist too']],
        examples: ['cadre worker validate .cadre/workers/*', 'cadre worker validate --strict'],
        load: doing('validateWorkers'),
      },
      {
        name: 'test',
        summary: 'Try a worker, confined: its tests, its examples, and what all workers keep to',
        arguments: [['[folder]', 'the folder with worker.yaml (default: this one)']],
        load: doing('testWorker'),
      },
      {
        name: 'dev',
        summary: 'Validate and try a worker each time that something in its folder changes',
        arguments: [['[folder]', 'the folder with worker.yaml (default: this one)']],
        load: doing('developWorker'),
      },
      {
        name: 'call',
        summary: 'Perform one action, as a step would, and print its output',
        arguments: [['<action>', 'worker/action, or worker/action@range']],
        options: [
          [
            '--input <json>',
            'a JSON object, the name of a file with one, or - for standard input (default: {})',
          ],
        ],
        examples: [`cadre worker call greeter/count --input '{"text":"to be"}'`],
        load: doing('callAction'),
      },
      {
        name: 'pack',
        summary: 'Make a signed package of the worker in a folder',
        arguments: [['[folder]', 'the folder with worker.yaml (default: this one)']],
        options: [
          ['--out <file>', 'where to (default: ID-VERSION.tgz in this folder)'],
          ['--unsigned', 'sign it with no key'],
          ['--provenance', 'note in it from which git commit it was made'],
        ],
        examples: ['cadre worker pack', 'cadre worker pack ./greeter --out greeter.tgz'],
        load: doing('packWorker'),
      },
      {
        name: 'add',
        summary: 'Install packages: shown whole, and asked about, before they may do anything',
        arguments: [
          ['[packages...]', 'files, folders, https:// addresses, or names in a catalogue such as greeter@^1'],
        ],
        options: [
          [
            '--from <catalogue>',
            'look for names in this folder or https:// address (default: setting packages.catalogues)',
          ],
          ['--locked', 'what the lock of the workspace names, and nothing else'],
          ['--accept <digests>', 'agree to exactly this content where nobody can be asked (comma-separated)'],
          ['--override', 'take a version that hides how much changed'],
        ],
        examples: ['cadre worker add greeter-1.0.0.tgz', 'cadre worker add --locked'],
        load: doing('addWorker'),
      },
      {
        name: 'review',
        summary: 'Look at a package as its reviewer, and sign that you have',
        arguments: [['<package>', 'a file']],
        options: [
          ['--sign', 'asked for each point, write a signed statement beside the package'],
          ['--accept <digest>', 'sign for exactly this content where nobody can be asked'],
          ['--note <text>', 'what others should know'],
        ],
        examples: ['cadre worker review greeter-1.0.0.tgz', 'cadre worker review greeter-1.0.0.tgz --sign'],
        load: doing('reviewWorker'),
      },
      {
        name: 'publish',
        summary: 'Put packages into a catalogue: a folder that any web server can show',
        arguments: [['<packages...>', 'files']],
        options: [['--to <folder>', 'the catalogue, which is made when there is none']],
        examples: ['cadre worker publish greeter-1.0.0.tgz --to /srv/workers'],
        load: doing('publishPackages'),
      },
      {
        name: 'bundle',
        summary: 'Take along everything that this workspace has installed, for where there is no network',
        options: [['--to <folder>', 'where to: a catalogue, for `cadre worker add --locked --from`']],
        examples: ['cadre worker bundle --to /media/stick/workers'],
        load: doing('bundlePackages'),
      },
      {
        name: 'remove',
        summary: 'Remove an installed worker, and with it what it was granted',
        arguments: [['<worker>', 'its id, or ID@VERSION for one of several']],
        options: [['--force', 'also while runs that are not over use it']],
        examples: ['cadre worker remove greeter', 'cadre worker remove greeter@1.0.0'],
        load: doing('removeWorker'),
      },
      {
        name: 'diff',
        summary: 'What changed between two versions, and the least version that takes',
        arguments: [
          ['<before>', 'a folder, a package, or an installed worker'],
          ['<after>', 'likewise'],
        ],
        examples: ['cadre worker diff greeter ./greeter-2.0.0.tgz'],
        load: doing('diffWorkers'),
      },
      {
        name: 'key',
        summary: 'Show the key that your packages are signed with, for others to trust',
        load: doing('showSigningKey'),
      },
      {
        name: 'trust',
        summary: 'Whose packages you install without asking who made them',
        commands: [
          {
            name: 'list',
            summary: 'List the signers that you trust',
            load: doing('listSigners'),
          },
          {
            name: 'add',
            summary: 'Trust a signer',
            arguments: [
              ['<key>', 'the public key, as `cadre worker key` shows it'],
              ['<name>', 'what you call its owner'],
            ],
            options: [['--workers <globs>', 'only for these workers (comma-separated; default: *)']],
            examples: ['cadre worker trust add MCowBQYDK2Vw… ann --workers "greeter,mail-*"'],
            load: doing('trustSigner'),
          },
          {
            name: 'remove',
            summary: 'Trust a signer no more; what is installed stays',
            arguments: [['<signer>', 'key id or name']],
            load: doing('distrustSigner'),
          },
        ],
      },
    ],
  },
];
