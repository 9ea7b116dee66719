import { type ChildProcess, spawn } from 'node:child_process';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import { CadreError } from '@cadre/core';
import { plainText } from '@cadre/core/history';
import { channelSocket } from './channel-socket.ts';
import {
  GREETING,
  type Greeting,
  GreetingShape,
  MOST_GREETING_BYTES,
  REMOTE_PROTOCOL,
} from './remote-protocol.ts';
import { type PingTimes, SESSION_SETTINGS, watchSession, widen } from './session-settings.ts';

/** A sandbox host that was reached. */
export interface RemoteConnection {
  readonly greeting: Greeting;
  /** Asks for something; both directions stay open. Throws when the connection is lost. */
  request(path: string): ClientHttp2Stream;
  /** Why there is no connection any more; undefined while there is one. */
  readonly lost: string | undefined;
  readonly whenLost: Promise<string>;
  close(): Promise<void>;
}

export interface ConnectionSettings {
  /** A program whose standard input and output lead to `cadre sandbox-host`. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of this Cadre: another one there would understand something else. */
  readonly version: string;
  readonly greetMs: number;
  readonly pings: PingTimes;
}

const LAST_BYTES = 2_000;
/** For the other side to tidy up, and for the program to see that its work is over. */
const LEAVE_MS = 5_000;

/** Throws CadreError `remote_unreachable`, `program_missing` or `incompatible`. */
export async function connectRemote(settings: ConnectionSettings): Promise<RemoteConnection> {
  const { command, environment } = settings;
  const [program = '', ...rest] = command;
  // In a group of its own, so that the Ctrl-C that ends a run in order does not cut its way to the other machine.
  const child = spawn(program, rest, { stdio: 'pipe', env: { ...environment }, detached: true });
  const said = keepLast(child.stderr);
  const ended = endOf(child);
  child.stdin.on('error', () => {});
  try {
    const greeting = await greet(child, ended, said, settings);
    return await speak(child, ended, said, greeting, settings);
  } catch (error) {
    endGroup(child);
    throw error;
  }
}

async function greet(
  child: ChildProcess & { readonly stdout: Readable },
  ended: Promise<string>,
  said: () => string,
  { command: [program = ''], greetMs, version }: ConnectionSettings,
): Promise<Greeting> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(unreachable(`${program} led nowhere within ${greetMs / 1000} s`, said())),
    greetMs,
  );
  const over = ended.then(async (how) => {
    if (how === 'ENOENT')
      throw new CadreError(
        'program_missing',
        `sandbox.remote.command names ${program}, which is not installed`,
        {
          hint: `install ${program}, or correct sandbox.remote.command`,
        },
      );
    throw unreachable(`${program} ended before a sandbox host had greeted: ${how}`, said());
  });
  // Whichever loses the race is not waited for.
  over.catch(() => {});
  try {
    const line = await Promise.race([firstLine(child.stdout), over, late.promise]);
    return readGreeting(line, program, version);
  } finally {
    clearTimeout(timer);
  }
}

/** What comes after it is left for whoever reads next. */
function firstLine(stream: Readable): Promise<string> {
  return new Promise((resolve) => {
    let held: Buffer = Buffer.alloc(0);
    const hear = (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      const end = held.indexOf(0x0a);
      if (end < 0 && held.length <= MOST_GREETING_BYTES) return;
      stream.off('data', hear);
      stream.pause();
      if (end >= 0 && held.length > end + 1) stream.unshift(held.subarray(end + 1));
      resolve(held.subarray(0, end < 0 ? held.length : end).toString('utf8'));
    };
    stream.on('data', hear);
  });
}

function readGreeting(line: string, program: string, version: string): Greeting {
  const shown = plainText(JSON.stringify(line.slice(0, 200)));
  if (!line.startsWith(GREETING))
    throw new CadreError('remote_unreachable', `${program} leads to no sandbox host: it said ${shown}`, {
      hint: 'nothing there may write to standard output before `cadre sandbox-host` does, such as a greeting of the shell',
    });
  const said = parsed(line.slice(GREETING.length)) as { protocol?: unknown; version?: unknown } | undefined;
  if (said?.protocol !== REMOTE_PROTOCOL || said.version !== version) {
    const there = `Cadre ${plainText(String(said?.version).slice(0, 50))} (protocol ${plainText(String(said?.protocol).slice(0, 20))})`;
    throw new CadreError(
      'incompatible',
      `the sandbox host is ${there}, and this is Cadre ${version} (protocol ${REMOTE_PROTOCOL})`,
      { hint: SAME },
    );
  }
  const greeting = GreetingShape.safeParse(said);
  if (!greeting.success)
    throw new CadreError(
      'incompatible',
      `the sandbox host greets in a way that nobody understands: ${shown}`,
      { hint: SAME },
    );
  return greeting.data;
}

const SAME = 'install the same version of Cadre on both machines';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function speak(
  child: ChildProcess & { readonly stdin: Writable; readonly stdout: Readable },
  ended: Promise<string>,
  said: () => string,
  greeting: Greeting,
  { pings }: ConnectionSettings,
): Promise<RemoteConnection> {
  // Loaded when it is needed: it costs as much as a small command.
  const { connect } = await import('node:http2');
  const channel = await channelSocket(child.stdout, child.stdin);
  channel.on('error', () => {});
  const session: ClientHttp2Session = connect('http://sandbox-host', {
    ...SESSION_SETTINGS,
    createConnection: () => channel,
  });
  const lost = Promise.withResolvers<string>();
  let why: string | undefined;
  const lose = (reason: string) => {
    if (why !== undefined) return;
    const last = said();
    why = `the connection to the sandbox host was lost: ${reason}${last === '' ? '' : `; it last said: ${last}`}`;
    // With this its input ends, by which the other side knows; the way there is given the time to tell it.
    session.destroy();
    child.stdin.destroy();
    const late = setTimeout(() => endGroup(child), LEAVE_MS);
    void ended.then(() => clearTimeout(late));
    lost.resolve(why);
  };
  const whyLost = () => {
    if (session.destroyed) lose('it broke');
    return why;
  };
  session.once('connect', () => widen(session));
  session.on('error', (error) => lose(plainText(error.message)));
  session.once('close', () => lose('it was closed'));
  void ended.then((how) => lose(how));
  watchSession(session, pings, () => lose(`no answer within ${pings.deadlineMs / 1000} s`));
  return {
    greeting,
    get lost() {
      return whyLost();
    },
    whenLost: lost.promise,
    request(path) {
      const lost = whyLost();
      if (lost !== undefined) throw new CadreError('remote_unreachable', lost);
      try {
        const stream = session.request({ ':method': 'POST', ':path': path }, { endStream: false });
        // Whoever waits for it hears of its end.
        stream.on('error', () => {});
        return stream;
      } catch (error) {
        // It may say that it is going away, and still be there.
        lose('it takes nothing more');
        throw new CadreError('remote_unreachable', whyLost() ?? String(error));
      }
    },
    async close() {
      lose('it is not needed any more');
      await ended;
    },
  };
}

/** With what it has started itself to get there. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/** How it ended, in words; `ENOENT` when there is no such program. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

function keepLast(stream: Readable): () => string {
  let last = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    last = (last + text).slice(-LAST_BYTES);
  });
  return () => plainText(last.trim().split('\n').slice(-3).join(' / '));
}

function unreachable(what: string, said: string): CadreError {
  return new CadreError('remote_unreachable', `${what}${said === '' ? '' : `; it last said: ${said}`}`, {
    hint: 'try the command of sandbox.remote.command by hand: it should print one line that begins with cadre-sandbox-host',
  });
}
