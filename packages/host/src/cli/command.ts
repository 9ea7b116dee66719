import type { Io } from './io.ts';
import type { GlobalOptions, Output } from './output.ts';

/** A command as data: help, completion and parsing all come from it. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** In commander's notation: `<run>`, `[name]`, `[paths...]`. */
  readonly arguments?: readonly (readonly [notation: string, description: string])[];
  readonly options?: readonly (readonly [flags: string, description: string])[];
  readonly examples?: readonly string[];
  /** What completion offers for the first argument. */
  readonly completes?: 'workflows' | 'runs';
  /** Options beyond those declared belong to the workflow that is named: parsed by the command itself. */
  readonly passThrough?: boolean;
  readonly hidden?: boolean;
  readonly commands?: readonly CommandEntry[];
  /** Loaded when the command is used, so that the others cost nothing. */
  readonly load?: () => Promise<CommandHandler>;
}

export interface Invocation {
  readonly io: Io;
  readonly output: Output;
  readonly global: GlobalOptions;
  /** Positional arguments; with `passThrough` everything after the command's name. */
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** Every command there is: what completion chooses from. */
  readonly commands: readonly CommandEntry[];
}

/** Answers the exit code. Refusals are thrown. */
export type CommandHandler = (invocation: Invocation) => Promise<number>;
