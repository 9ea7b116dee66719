import type { CommandEntry } from '../command.ts';
import { LOG_FLAGS } from '../run/log-flags.ts';
import { doing } from './doing.ts';

/** On many machines. */
export const SERVING: readonly CommandEntry[] = [
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
    load: doing('serve'),
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
    load: doing('work'),
  },
  {
    name: 'sandbox-host',
    summary: 'Run workers for a Cadre on another machine, which speaks to standard input (tier 4)',
    options: [['--folder <folder>', 'where it keeps packages and works (default: in the data folder)']],
    examples: ['ssh -T runner@box.example.org cadre sandbox-host'],
    load: async () => (await import('../commands/sandbox-host.ts')).sandboxHost,
  },
  {
    name: 'migrate',
    summary: 'Move the store of this workspace between SQLite and PostgreSQL, and back',
    options: [
      ['--to <store>', '`sqlite`, postgres://…, or secret:NAME for an address that nobody shall see'],
      ['--plan', 'say what would be moved, and move nothing'],
    ],
    examples: ['cadre migrate --to secret:STORE_URL --plan', 'cadre migrate --to sqlite'],
    load: doing('migrate'),
  },
];
