import type { CommandEntry } from '../command.ts';
import { exportRecords, verify } from '../commands/audit.ts';
import { addGrant, listGrants, revokeGrant } from '../commands/grant.ts';
import { releaseLock, showLocks } from '../commands/lock.ts';

/** What may be done, what was done, and by whom at once. */
export const PERMITTING: readonly CommandEntry[] = [
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
];
