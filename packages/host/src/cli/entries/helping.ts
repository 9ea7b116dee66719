import type { CommandEntry } from '../command.ts';
import { doing } from './doing.ts';

/** About Cadre itself. */
export const HELPING: readonly CommandEntry[] = [
  {
    name: 'doctor',
    summary: 'What works here, what is missing, and how to get it',
    options: [
      ['--repair', 'mend what can be mended, and say what: dead leases, runs that nobody holds, leftovers'],
    ],
    examples: ['cadre doctor', 'cadre doctor --repair', 'cadre doctor --json'],
    load: doing('doctor'),
  },
  {
    name: 'schema',
    summary: 'What may stand in the files that you write, as JSON Schema, for editors',
    arguments: [['[name]', 'worker, workflow, trigger, mcp-server, config or event: print that one']],
    options: [['--write', 'keep all of them in .cadre/schemas, and say which have changed']],
    examples: ['cadre schema worker', 'cadre schema --write'],
    load: async () => (await import('../commands/schema.ts')).schema,
  },
  {
    name: 'completion',
    summary: 'Print a completion script for your shell',
    arguments: [['<shell>', 'bash, zsh, fish or powershell']],
    examples: ['source <(cadre completion bash)'],
    load: async () => (await import('../commands/completion.ts')).completion,
  },
  {
    name: '__complete',
    summary: 'Print what could come next (called by the completion scripts)',
    hidden: true,
    passThrough: true,
    load: async () => (await import('../commands/completion.ts')).complete,
  },
];
