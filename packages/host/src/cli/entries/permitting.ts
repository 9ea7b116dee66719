import type { CommandEntry } from '../command.ts';
import { releaseLock, showLocks } from '../commands/lock.ts';

const FILTERS: NonNullable<CommandEntry['options']> = [
  ['--run <run>', 'only those of one run'],
  ['--worker <id>', 'of one worker'],
  ['--action <name>', 'of one action: push, or git/push'],
  ['--permission <permission>', 'of one type, or one whole: net, or net:example.org:443'],
  ['--decision <decision>', 'allowed, denied or asked'],
  ['--who <principal>', 'of one principal, for example user:ann'],
  ['--grant <grant>', 'that one grant has decided'],
  ['--from <time>', 'from this time on'],
  ['--to <time>', 'before this time'],
  ['--archive <folder>', 'also those that were removed, from their archives'],
];

/** What may be done, what was done, and by whom at once. */
export const PERMITTING: readonly CommandEntry[] = [
  {
    name: 'grant',
    summary: 'What workers may do in this workspace',
    commands: [
      {
        name: 'list',
        summary: 'List the grants in force',
        load: async () => (await import('../commands/grant.ts')).listGrants,
      },
      {
        name: 'show',
        summary: 'Show one grant whole',
        arguments: [['<grant>', 'id of the grant']],
        load: async () => (await import('../commands/grant.ts')).showGrant,
      },
      {
        name: 'add',
        summary: 'Grant a permission to a worker',
        arguments: [
          ['<worker>', 'its id, or ID@VERSION for one of several'],
          ['<permission>', 'type:scope, for example net:hooks.slack.com:443'],
        ],
        options: [
          ['--expires <duration>', 'how long it holds, for example 8h (default: until revoked)'],
          ['--for <principal>', 'in whose runs, for example trigger:nightly (default: yours)'],
          ['--run <run>', 'for this run alone'],
          ['--everywhere', 'in all your workspaces on this machine'],
        ],
        examples: ['cadre grant add notify net:hooks.slack.com:443 --expires 8h'],
        load: async () => (await import('../commands/grant.ts')).addGrant,
      },
      {
        name: 'revoke',
        summary: 'Take a grant back, from the next call on',
        arguments: [['<grant>', 'id of the grant']],
        load: async () => (await import('../commands/grant.ts')).revokeGrant,
      },
    ],
  },
  {
    name: 'trust',
    summary: 'Whether the settings that came with a repository may widen what is done there',
    commands: [
      {
        name: 'show',
        summary: 'Show what the settings of this repository would widen',
        load: async () => (await import('../commands/trust.ts')).showTrust,
      },
      {
        name: 'add',
        summary: 'Let them count as they are now; once they change you are asked again',
        options: [
          ['--accept <content>', 'agree to exactly this content where nobody can be asked'],
          ['--without', 'let them not count, and go on without them'],
        ],
        examples: ['cadre trust add', 'cadre trust add --without'],
        load: async () => (await import('../commands/trust.ts')).addTrust,
      },
      {
        name: 'list',
        summary: 'List the repositories that you have decided about',
        load: async () => (await import('../commands/trust.ts')).listTrust,
      },
      {
        name: 'remove',
        summary: 'Forget what you have decided about a repository',
        arguments: [['[workspace]', 'its folder, as the list shows it (default: this one)']],
        load: async () => (await import('../commands/trust.ts')).removeTrust,
      },
    ],
  },
  {
    name: 'audit',
    summary: 'The tamper-evident record of every decision',
    commands: [
      {
        name: 'verify',
        summary:
          'Prove that no record was changed, removed or inserted, and that the chain is the one that was signed',
        options: [
          ['--anchor <file>', 'compare with this anchor (default: that of the settings)'],
          ['--archive <folder>', 'prove what was removed too, by its archives'],
        ],
        load: async () => (await import('../commands/audit.ts')).verify,
      },
      {
        name: 'export',
        summary: 'Print the records as JSON lines',
        options: FILTERS,
        load: async () => (await import('../commands/audit.ts')).exportRecords,
      },
      {
        name: 'search',
        summary: 'Find records: by run, worker, action, permission, decision, person, time and text',
        arguments: [['[text]', 'what stands anywhere in the record']],
        options: [...FILTERS, ['--limit <number>', 'how many at most, the newest (default: 50)']],
        examples: ['cadre audit search --decision denied', 'cadre audit search curl --run last'],
        load: async () => (await import('../commands/audit.ts')).searchRecords,
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
];
