import { spawn, spawnSync } from 'node:child_process';

export interface Screen {
  readonly code: number | null;
  /** All that was written, with its control sequences. */
  readonly text: string;
}

/** `script` of util-linux gives a program a terminal of its own. */
export const hasTerminal: boolean =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;

export const KEY = {
  enter: '\r',
  up: '\u001b[A',
  down: '\u001b[B',
  backspace: '\u007f',
  space: ' ',
  interrupt: '\u0003',
} as const;

/** Runs a program in a pseudo terminal. Each answer is typed when its question has appeared after the last one. */
export function inTerminal(
  command: readonly string[],
  answers: readonly (readonly [question: RegExp, keys: string])[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Screen> {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const child = spawn('script', ['-qec', `stty cols 120 rows 40; exec ${quoted}`, '/dev/null'], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], HOME: options.cwd, TERM: 'xterm', SHELL: '/bin/sh', ...options.env },
  });
  const waiting = [...answers];
  let text = '';
  let read = 0;
  const answer = () => {
    const [next] = waiting;
    const found = next?.[0].exec(text.slice(read)) ?? null;
    if (next === undefined || found === null) return;
    read += found.index + found[0].length;
    waiting.shift();
    child.stdin.write(next[1]);
    answer();
  };
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    answer();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text }));
  });
}
