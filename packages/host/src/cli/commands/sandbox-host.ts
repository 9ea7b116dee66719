import { resolve } from 'node:path';
import { serveSandbox } from '../../serve-sandbox.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { VERSION } from '../version.ts';

/** Standard output belongs to the protocol: whatever there is to say goes to standard error. */
export const sandboxHost: CommandHandler = async ({ io, options }) => {
  const { folder } = options;
  if (io.interactive)
    throw usageError(
      'this is for the other end of a connection, not for a terminal: it speaks a protocol of bytes',
      'see tier 4 in docs/guide/sandboxing.md',
    );
  // Elsewhere a closed pipe ends the process at once; here there is something to tidy up first.
  io.stdout.removeAllListeners('error').on('error', () => {});
  await serveSandbox({
    input: io.stdin,
    output: io.stdout,
    env: io.env,
    folder: typeof folder === 'string' ? resolve(io.cwd, folder) : undefined,
    version: VERSION,
    signal: io.interrupted,
  });
  return EXIT.ok;
};
