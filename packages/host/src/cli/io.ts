import type { Writable } from 'node:stream';

/** What a command may touch: streams, environment and folder come in, so that a test can run one without a process. */
export interface Io {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Writable & { columns?: number; rows?: number };
  readonly stderr: Writable & { columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The script that was started. */
  readonly program: string;
  /** A person sits at the other end of standard input and output. */
  readonly interactive: boolean;
  /** Standard output understands colours. */
  readonly colours: boolean;
  /** Aborted by the first Ctrl-C (reason `SIGINT`) or a terminate (`SIGTERM`). */
  readonly interrupted: AbortSignal;
}

export function processIo(): Io {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The second time there is nothing more to say: the work has been told already.
      if (controller.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
      controller.abort(signal);
    });
  }
  const { env } = process;
  return {
    // Opened when somebody asks for it: that takes some milliseconds, and most commands read nothing.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env,
    cwd: process.cwd(),
    program: process.argv[1] ?? '',
    get interactive() {
      return process.stdout.isTTY === true && (env['CI'] ?? '') === '' && process.stdin.isTTY === true;
    },
    colours: process.stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    interrupted: controller.signal,
  };
}
