import { PassThrough } from 'node:stream';
import { cli } from './cli.ts';
import type { Io } from './io.ts';

export interface Tried {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A question, and the keys that answer it, or what finds them out when it is asked. */
export type Keys = readonly [question: RegExp, keys: string | (() => string)];

/**
 * Runs a command line without a process, and answers what it printed. With `answers` there is somebody who types each of
 * them when its question has appeared after the one before; without there is no terminal. For tests.
 */
export async function tryCli(
  argv: readonly string[],
  options: {
    cwd: string;
    env: Readonly<Record<string, string>>;
    interrupted?: AbortSignal;
    program?: string;
    /** Told what it has printed so far, each time there is more. */
    onOutput?: (stdout: string) => void;
    answers?: readonly Keys[];
    /** How large the terminal is: where nobody says it, that is not known. */
    screen?: { readonly columns: number; readonly rows: number };
  },
): Promise<Tried> {
  const stdout = Object.assign(new PassThrough(), options.screen);
  const stderr = new PassThrough();
  const texts = { stdout: '', stderr: '' };
  const typist = createTypist(options.answers ?? []);
  stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.stdout += text;
    options.onOutput?.(texts.stdout);
    typist.read(text);
  });
  stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.stderr += text;
  });
  const io: Io = {
    stdin: typist.keyboard,
    stdout,
    stderr,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
    cwd: options.cwd,
    program: options.program ?? 'cadre',
    interactive: options.answers !== undefined,
    colours: false,
    interrupted: options.interrupted ?? new AbortController().signal,
  };
  const code = await cli(argv, io);
  return { code, ...texts };
}

/** Reads the screen and types. */
function createTypist(answers: readonly Keys[]): { keyboard: Io['stdin']; read(text: string): void } {
  const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => keyboard });
  const waiting = [...answers];
  let unread = '';
  return {
    keyboard: keyboard as unknown as Io['stdin'],
    read(text) {
      unread += text;
      const [next] = waiting;
      const found = next?.[0].exec(unread) ?? null;
      if (next === undefined || found === null) return;
      unread = unread.slice(found.index + found[0].length);
      waiting.shift();
      // A question listens from the turn after the one that shows it.
      setImmediate(() => keyboard.write(typeof next[1] === 'string' ? next[1] : next[1]()));
    },
  };
}
