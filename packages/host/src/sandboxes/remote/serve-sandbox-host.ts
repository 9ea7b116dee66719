import { mkdir, rm } from 'node:fs/promises';
import { performServerHandshake } from 'node:http2';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { processStart, sweepFolder } from '@cadre/kit/files';
import type { Installation } from '../../ports/sandbox.ts';
import { openSandbox } from '../open-sandbox.ts';
import { answerSession } from './answer-session.ts';
import { channelSocket } from './channel-socket.ts';
import { openContentStore } from './content-store.ts';
import { GREETING, type Greeting, REMOTE_PROTOCOL } from './remote-protocol.ts';
import { PING_TIMES, type PingTimes, SESSION_SETTINGS, watchSession, widen } from './session-settings.ts';

export interface SandboxHostSettings {
  readonly input: Readable;
  readonly output: Writable;
  /** Of this person's sandbox hosts, for what they keep and for what they work on. */
  readonly folder: string;
  readonly version: string;
  readonly installation: Installation;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly pings?: PingTimes;
}

const MOST_PACKAGE_BYTES = 4 * 1024 ** 3;
const MOST_FILE_BYTES = 8 * 1024 ** 3;

/**
 * Starts programs for whoever sits at the other end of `input` and `output`, and for nobody else. Resolves when the connection is
 * over: then nothing of it is left, neither programs nor files.
 */
export async function serveSandboxHost(settings: SandboxHostSettings): Promise<void> {
  const connections = join(settings.folder, 'connections');
  const folder = join(connections, `${process.pid}-${await processStart(process.pid)}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await sweepFolder(connections);
  const packages = openContentStore(join(settings.folder, 'packages'), MOST_PACKAGE_BYTES);
  await packages.trim();
  const files = openContentStore(join(folder, 'contents'), MOST_FILE_BYTES);
  const { version, installation, environment } = settings;
  const sandbox = openSandbox({ workspace: folder, environment });
  try {
    const { level, mechanism, missing, hint, measures } = await sandbox.probe();
    const greeting: Greeting = {
      protocol: REMOTE_PROTOCOL,
      version,
      report: {
        level,
        mechanism,
        missing: [...missing],
        ...(hint === undefined ? {} : { hint }),
        ...(measures === undefined ? {} : { measures }),
      },
      installation: { ...installation, libraries: [...installation.libraries] },
    };
    settings.output.write(`${GREETING}${JSON.stringify(greeting)}\n`);
    await serve(settings, { sandbox, installation, stores: { packages, files }, folder });
  } finally {
    // Else this process would stay for as long as somebody holds the other end of a connection that is over.
    settings.input.destroy();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function serve(
  { input, output, signal, pings = PING_TIMES }: SandboxHostSettings,
  hosting: Parameters<typeof answerSession>[1],
): Promise<void> {
  const channel = await channelSocket(input, output);
  channel.on('error', () => {});
  const session = performServerHandshake(channel, SESSION_SETTINGS);
  const end = () => session.destroy();
  session.on('error', () => {});
  session.once('connect', () => widen(session));
  watchSession(session, pings, end);
  input.once('end', end).once('close', end);
  signal.addEventListener('abort', end, { once: true });
  const answering = answerSession(session, hosting);
  if (!session.destroyed && !signal.aborted)
    await new Promise<void>((resolve) => session.once('close', () => resolve()));
  end();
  await answering.close();
}
