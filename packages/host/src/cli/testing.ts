import { PassThrough } from 'node:stream';
import { cli } from './cli.ts';
import type { Io } from './io.ts';

export interface Tried {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line without a process and without a terminal, and answers what it printed. For tests. */
export async function tryCli(
  argv: readonly string[],
  options: {
    cwd: string;
    env: Readonly<Record<string, string>>;
    interrupted?: AbortSignal;
    program?: string;
    /** Told what it has printed so far, each time there is more. */
    onOutput?: (stdout: string) => void;
  },
): Promise<Tried> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const texts = { stdout: '', stderr: '' };
  stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.stdout += text;
    options.onOutput?.(texts.stdout);
  });
  stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.stderr += text;
  });
  const io: Io = {
    stdin: process.stdin,
    stdout,
    stderr,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
    cwd: options.cwd,
    program: options.program ?? 'cadre',
    interactive: false,
    colours: false,
    interrupted: options.interrupted ?? new AbortController().signal,
  };
  const code = await cli(argv, io);
  return { code, ...texts };
}
