import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ActionContext } from '@cadre/sdk';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { type BridgeSettings, withSecrets } from './bridge-settings.ts';
import { linesOf } from './lines-of.ts';
import type { Reached } from './reached.ts';

/** A message longer than this (bytes) ends the connection. */
const LARGEST_MESSAGE = 10 * 1024 * 1024;

/**
 * The library asks a second process of the server for its version unless the transport is one of ours. To start a server
 * twice is more than it was permitted for.
 */
class OneProcess extends StdioClientTransport {
  ended: string | undefined;

  /** The library keeps its process to itself, and forgets how it ended. */
  override start(): Promise<void> {
    const hear = (message: unknown) => {
      const { process } = message as { readonly process: ChildProcess };
      process.once('exit', (code, signal) => {
        this.ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
      });
    };
    subscribe(SPAWNED, hear);
    try {
      // It is started before this returns, and nothing else meanwhile.
      return super.start();
    } finally {
      unsubscribe(SPAWNED, hear);
    }
  }
}

/** Node tells here of each process that is made. */
const SPAWNED = 'child_process';

/** A server that is a program of this machine. Throws what the host refuses of it. */
export async function openStdio(
  { command, args, env }: Extract<BridgeSettings['reach'], { kind: 'stdio' }>,
  context: ActionContext,
): Promise<Reached> {
  const path = await context.permit(pathOf(command, context.workspace), args);
  // Its own variables, besides the small environment of every worker: no other process has them.
  const variables = { ...environment(), ...(await withSecrets(env, context)) };
  const lines = linesOf();
  let opened: OneProcess | undefined;
  return {
    key: JSON.stringify([path, args, variables, context.workspace]),
    open() {
      const transport = new OneProcess({
        command: path,
        args: [...args],
        env: variables,
        cwd: context.workspace,
        stderr: 'pipe',
        maxBufferSize: LARGEST_MESSAGE,
      });
      transport.stderr?.on('data', lines.add);
      opened = transport;
      return transport;
    },
    hear: lines.hear,
    lastWords: lines.last,
    end: () => opened?.ended,
    sent: async () => undefined,
  };
}

function pathOf(command: string, workspace: string): string {
  return command.includes('/') && !command.startsWith('/')
    ? `${workspace}/${command.replace(/^\.\//, '')}`
    : command;
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
