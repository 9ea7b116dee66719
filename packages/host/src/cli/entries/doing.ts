import type { CommandHandler } from '../command.ts';

type Doing = typeof import('../commands/doing.ts');

/** Loads a command of the part that needs settings and workers. Said once: what every command loads has to stay small. */
export const doing = (name: keyof Doing) => async (): Promise<CommandHandler> =>
  (await import('../commands/doing.ts'))[name];
