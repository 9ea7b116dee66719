import { type App, type AppOptions, openApp } from '../app.ts';
import type { Invocation } from './command.ts';
import { findPlace } from './open-workspace.ts';
import { terminalApprover } from './terminal-approver.ts';

/** Opens Cadre for the workspace that the command line names, does the work, and closes it whatever happens. */
export async function withApp<T>(
  invocation: Invocation,
  work: (app: App) => Promise<T>,
  folder: string = invocation.global.workspace ?? '.',
  performing?: AppOptions['performing'],
): Promise<T> {
  const { io, output } = invocation;
  const place = await findPlace(folder, io.cwd);
  const app = await openApp({
    place,
    env: io.env,
    approver: terminalApprover(io),
    ...(performing === undefined ? {} : { performing }),
    warn: (text) => output.note(`${output.colours.yellow('warning')} ${text}`),
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
