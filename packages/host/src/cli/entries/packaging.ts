import type { CommandEntry } from '../command.ts';

/** Packages of workers. */
export const PACKAGING: readonly CommandEntry[] = [
  {
    name: 'worker',
    summary: 'Make, install, compare and remove packages of workers',
    commands: [
      {
        name: 'pack',
        summary: 'Make a signed package of the worker in a folder',
        arguments: [['[folder]', 'the folder with worker.yaml (default: this one)']],
        options: [
          ['--out <file>', 'where to (default: ID-VERSION.tgz in this folder)'],
          ['--unsigned', 'sign it with no key'],
        ],
        examples: ['cadre worker pack', 'cadre worker pack ./greeter --out greeter.tgz'],
        load: async () => (await import('../commands/doing.ts')).packWorker,
      },
      {
        name: 'add',
        summary: 'Install packages: shown whole, and asked about, before they may do anything',
        arguments: [['[packages...]', 'files or https:// addresses']],
        options: [
          ['--locked', 'what the lock of the workspace names, and nothing else'],
          ['--accept <digest>', 'agree to exactly this content where nobody can be asked'],
          ['--override', 'take a version that hides how much changed'],
        ],
        examples: ['cadre worker add greeter-1.0.0.tgz', 'cadre worker add --locked'],
        load: async () => (await import('../commands/doing.ts')).addWorker,
      },
      {
        name: 'remove',
        summary: 'Remove an installed worker, and with it what it was granted',
        arguments: [['<worker>', 'its id, or ID@VERSION for one of several']],
        options: [['--force', 'also while runs that are not over use it']],
        examples: ['cadre worker remove greeter', 'cadre worker remove greeter@1.0.0'],
        load: async () => (await import('../commands/doing.ts')).removeWorker,
      },
      {
        name: 'diff',
        summary: 'What changed between two versions, and the least version that takes',
        arguments: [
          ['<before>', 'a folder, a package, or an installed worker'],
          ['<after>', 'likewise'],
        ],
        examples: ['cadre worker diff greeter ./greeter-2.0.0.tgz'],
        load: async () => (await import('../commands/doing.ts')).diffWorkers,
      },
      {
        name: 'key',
        summary: 'Show the key that your packages are signed with, for others to trust',
        load: async () => (await import('../commands/doing.ts')).showSigningKey,
      },
      {
        name: 'trust',
        summary: 'Whose packages you install without asking who made them',
        commands: [
          {
            name: 'list',
            summary: 'List the signers that you trust',
            load: async () => (await import('../commands/doing.ts')).listSigners,
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
            load: async () => (await import('../commands/doing.ts')).trustSigner,
          },
          {
            name: 'remove',
            summary: 'Trust a signer no more; what is installed stays',
            arguments: [['<signer>', 'key id or name']],
            load: async () => (await import('../commands/doing.ts')).distrustSigner,
          },
        ],
      },
    ],
  },
];
