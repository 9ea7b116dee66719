import { type App, openApp, openRecords, type Records } from '../app.ts';
import type { AppOptions } from '../app-options.ts';
import type { Invocation } from './command.ts';
import { findPlace } from './open-workspace.ts';
import { readLogFlags } from './run/log-flags.ts';
import { terminalApprover } from './terminal-approver.ts';

/** Opens Cadre for the workspace that the command line names, does the work, and closes it whatever happens. */
export async function withApp<T>(
  invocation: Invocation,
  work: (app: App) => Promise<T>,
  folder?: string,
  performing?: AppOptions['performing'],
): Promise<T> {
  const options = await optionsOf(invocation, folder);
  return withOpened(await openApp({ ...options, ...(performing === undefined ? {} : { performing }) }), work);
}

/** The same for a command that only looks, or only ends what others began: it opens nothing that performs work. */
export async function withRecords<T>(
  invocation: Invocation,
  work: (records: Records) => Promise<T>,
): Promise<T> {
  return withOpened(await openRecords(await optionsOf(invocation)), work);
}

async function withOpened<Opened extends Records, T>(
  opened: Opened,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

async function optionsOf(invocation: Invocation, folder?: string): Promise<AppOptions> {
  const { io, output, global } = invocation;
  const log = readLogFlags(invocation.options, io.cwd);
  return {
    place: await findPlace(folder ?? global.workspace ?? '.', io.cwd),
    env: io.env,
    approver: terminalApprover(io),
    warn: (text) => output.note(`${output.colours.yellow('warning')} ${text}`),
    ...(log === undefined ? {} : { log }),
  };
}
