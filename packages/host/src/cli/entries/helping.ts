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
