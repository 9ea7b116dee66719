import { randomUUID } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CadreError, isCadreError } from '@cadre/core';
import { processStart, sweepFolder } from '@cadre/kit/files';
import type { Failure } from '@cadre/sdk';
import type {
  ConfinedProcess,
  Sandbox,
  SandboxOptions,
  SandboxReport,
  UseLimits,
} from '../../ports/sandbox.ts';
import { readGitSettings } from '../git-settings.ts';
import { openNetworkProxy } from '../network-proxy.ts';
import { createByteReader } from './byte-reader.ts';
import { createByteWriter } from './byte-writer.ts';
import { openCarriedTree } from './carried-tree.ts';
import { SILENT, sayAndSend } from './carry-files.ts';
import { grantedWays } from './granted-ways.ts';
import { failureThere, heardAnswer, refusalCode } from './heard-answer.ts';
import type { TreeLimits } from './list-tree.ts';
import { connectRemote, type RemoteConnection } from './remote-connection.ts';
import { remoteProcess } from './remote-process.ts';
import { MOST_ENTRY_BYTES, type Start, StartedShape } from './remote-protocol.ts';
import { PING_TIMES, type PingTimes } from './session-settings.ts';

export interface RemoteSettings {
  /** A program whose standard input and output lead to `cadre sandbox-host` on another machine. */
  readonly command: readonly string[];
  readonly version: string;
  readonly workspace: string;
  /** For what comes back, until all of it is there. */
  readonly folder: string;
  /** That program is started with it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What any program may use there at most; what is not named is what that machine gives. */
  readonly limits: Partial<UseLimits>;
  readonly carried: TreeLimits;
  readonly times?: Partial<RemoteTimes>;
}

export interface RemoteTimes {
  readonly greetMs: number;
  readonly silenceMs: number;
  /** Of a start with all that is sent for it, so that nobody who sends a byte now and then holds it for ever. */
  readonly startMs: number;
  readonly killMs: number;
  readonly pings: PingTimes;
}

const TIMES: RemoteTimes = {
  greetMs: 30_000,
  silenceMs: 120_000,
  startMs: 1_800_000,
  killMs: 10_000,
  pings: PING_TIMES,
};

/**
 * Starts programs on another machine. One connection for all of them; when it breaks they end, and the next one makes a new one.
 */
export function openRemoteSandbox(settings: RemoteSettings): Sandbox {
  const times = { ...TIMES, ...settings.times };
  let connecting: Promise<RemoteConnection> | undefined;
  let gitSettings: Promise<string> | undefined;
  let swept: Promise<void> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const done = turn.then(task);
    turn = done.catch(() => {});
    return done;
  };

  function connected(): Promise<RemoteConnection> {
    if (connecting !== undefined) return connecting;
    const { greetMs, pings } = times;
    const made = connectRemote({ ...settings, greetMs, pings });
    connecting = made;
    const forget = () => {
      if (connecting === made) connecting = undefined;
    };
    made.then(({ whenLost }) => whenLost.then(forget), forget);
    return made;
  }

  async function start(command: readonly string[], options: SandboxOptions): Promise<ConfinedProcess> {
    if (process.platform === 'win32') throw noSandbox(NO_PATHS);
    const connection = await connected();
    const { report, installation } = connection.greeting;
    if (report.level === 'advisory') throw noSandbox(there(report));
    const isTheirs = (path: string) =>
      path === installation.node || isIn(path, installation.dist) || installation.libraries.includes(path);
    const own = options.installed.filter(isTheirs);
    const packages = options.installed.filter((path) => !isTheirs(path));
    const { confinement, caches = [] } = options;
    const ways = grantedWays({ ...confinement, packages, caches });
    const tree = openCarriedTree(ways, settings.carried);
    const found = await tree.changes();
    if (!found.ok) throw refusal(found.failure);
    const changes = found.output;
    gitSettings ??= readGitSettings(settings.workspace, settings.environment);
    swept ??= sweepFolder(settings.folder);
    await swept;
    const { readable, writable, programs, hosts } = confinement;
    const asked: Start = {
      command: [...command],
      cwd: options.cwd,
      env: options.env,
      confinement: {
        readable: [...readable],
        writable: [...writable],
        programs: [...programs],
        hosts: [...hosts],
      },
      hidden: await kindsOf(confinement.hidden),
      own,
      packages,
      caches: [...caches],
      gitSettings: await gitSettings,
      hasProxy: options.proxySocket !== undefined,
      most: narrowest(settings.limits, options.most),
      entries: changes.length,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    };
    const stream = connection.request('/processes');
    stream.setTimeout(times.silenceMs, () => stream.destroy(new Error(SILENT)));
    const late = setTimeout(() => stream.destroy(new Error(TOO_SLOW)), times.startMs);
    try {
      const writer = createByteWriter(stream);
      const reader = createByteReader(stream);
      await writer.line(asked);
      await sayAndSend(tree, changes, writer, reader);
      const started = await heardAnswer(reader, StartedShape, MOST_ENTRY_BYTES);
      tree.brought(changes);
      await mkdir(settings.folder, { recursive: true, mode: 0o700 });
      const spool = `${process.pid}-${await processStart(process.pid)}-${randomUUID()}`;
      return remoteProcess(connection, {
        id: started.process,
        most: started.most,
        tree,
        spool: join(settings.folder, spool),
        proxySocket: options.proxySocket,
        inTurn,
        ...times,
      });
    } catch (error) {
      throw isCadreError(error) ? error : refusal(failureThere(error, connection.lost));
    } finally {
      clearTimeout(late);
      stream.destroy();
    }
  }

  return {
    async probe() {
      try {
        return there((await connected()).greeting.report);
      } catch (error) {
        if (!isCadreError(error)) throw error;
        return unreached(error);
      }
    },
    start,
    openProxy: openNetworkProxy,
    installation: async () => (await connected()).greeting.installation,
    async close() {
      const connection = await connecting?.catch(() => undefined);
      await connection?.close();
    },
  };
}

const TOO_SLOW = 'it took too long to start a program';
const SEES_ALL = 'whoever runs that machine sees all that is sent there, and answers for what comes back';

function there({ mechanism, missing, ...report }: SandboxReport): SandboxReport {
  return {
    ...report,
    mechanism: `${mechanism} on another machine`,
    missing: missing.map((sentence) => `on the other machine: ${sentence}`),
    notes: [SEES_ALL],
  };
}

function unreached({ code, message, hint }: CadreError): SandboxReport {
  return {
    level: 'advisory',
    // Something is set up: what is wrong with it is told whoever asks.
    mechanism: 'another machine',
    missing: [message],
    ...(hint === undefined ? {} : { hint }),
    ...(code === 'remote_unreachable' ? { isPassing: true } : {}),
  };
}

const NO_PATHS: SandboxReport = {
  level: 'advisory',
  mechanism: 'none',
  missing: ['paths of Windows cannot be shown on the other machine'],
  hint: 'use WSL2',
};

function noSandbox({ missing, hint }: SandboxReport): CadreError {
  return new CadreError('no_sandbox', missing.join('; '), hint === undefined ? {} : { hint });
}

function refusal(failed: Failure): CadreError {
  const { message, hint } = failed;
  return new CadreError(refusalCode(failed), message, hint === undefined ? {} : { hint });
}

/** Those that are there: what is not there cannot be seen. */
async function kindsOf(paths: readonly string[]): Promise<Start['hidden']> {
  const found: Start['hidden'] = [];
  for (const path of paths) {
    const stats = await lstat(path).catch(() => undefined);
    if (stats !== undefined) found.push({ path, kind: stats.isDirectory() ? 'folder' : 'file' });
  }
  return found;
}

function narrowest(...limits: readonly (Partial<UseLimits> | undefined)[]): Partial<UseLimits> {
  const narrow: Partial<Record<keyof UseLimits, number>> = {};
  for (const each of limits) {
    for (const [name, value] of Object.entries(each ?? {}) as [keyof UseLimits, number][])
      narrow[name] = Math.min(value, narrow[name] ?? Number.POSITIVE_INFINITY);
  }
  return narrow;
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
