import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type CallStreams, createCallStreams } from './call-streams.ts';
import type { ActionContext, Fetched, FetchPart, Spent } from './context.ts';
import type { Worker } from './define-worker.ts';
import { execute } from './exec.ts';
import { ActionError, toFailure } from './failure.ts';
import { findProgram } from './find-program.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { keepFiles } from './keep-files.ts';
import { openSsh } from './open-ssh.ts';
import { type CallContext, PROTOCOL_OF, type WorkerMessage, type WorkerRequest } from './protocol.ts';
import type { SshAccess } from './ssh-place.ts';

/** The way back to the host during one call. `ask` rejects with the host's refusal as an ActionError. */
export interface CallChannel {
  /** The version of the protocol that the host speaks. */
  readonly protocol: number;
  send(message: WorkerMessage): void;
  /** Resolves when the bytes have left, and may be used again. */
  sendChunk(message: Extract<WorkerMessage, { type: 'chunk' }>, bytes: Uint8Array): Promise<void>;
  ask(body: WorkerRequest, part?: (part: FetchPart) => void): Promise<JsonValue>;
  /** From now on what the host says of this call's streams is told here. */
  listen(hear: CallStreams['hear']): void;
}

/** Performs one call from beginning to end and says how it ended. Never rejects. */
export async function performCall(
  worker: Worker,
  request: {
    call: string;
    action: string;
    input: JsonObject;
    context: CallContext;
    files?: Readonly<Record<string, string>>;
  },
  signal: AbortSignal,
  channel: CallChannel,
): Promise<WorkerMessage> {
  const streams = createCallStreams(request.call, channel);
  channel.listen(streams.hear);
  const leftovers: (() => unknown)[] = [() => streams.end()];
  try {
    const handler = worker.actions[request.action];
    if (handler === undefined) {
      throw new ActionError('not_found', `the worker ${worker.id} has no action ${request.action}`);
    }
    const context = createContext(request.call, request.context, signal, channel, streams, leftovers);
    const output = await handler(request.input as never, context);
    const kept = await keepFiles((output ?? null) as JsonValue, request.files ?? {}, streams.write);
    return { type: 'succeeded', call: request.call, output: kept };
  } catch (error) {
    return { type: 'failed', call: request.call, failure: toFailure(error) };
  } finally {
    for (const remove of leftovers) await remove();
  }
}

function createContext(
  call: string,
  given: CallContext,
  signal: AbortSignal,
  channel: CallChannel,
  streams: CallStreams,
  leftovers: (() => unknown)[],
): ActionContext {
  const find = (program: string) => findProgram(program, given.workspace, process.env['PATH'] ?? '');
  const permit = async (program: string, args: readonly string[], cwd: string) => {
    const path = await find(program);
    if (path === undefined) {
      throw new ActionError('program_missing', `${program} is not installed`, {
        hint: `install ${program} or put it on PATH`,
      });
    }
    await channel.ask({ kind: 'exec', program: basename(program), path, arguments: [...args], cwd });
    return path;
  };
  const tempDir = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cadre-'));
    leftovers.push(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
    return folder;
  };
  return {
    ...given,
    signal,
    log: (level, message, fields) =>
      channel.send({ type: 'log', call, level, message, ...(fields === undefined ? {} : { fields }) }),
    progress: (progress) => channel.send({ type: 'progress', call, progress }),
    spend: (spent) => channel.send({ type: 'spent', call, spent: checkedSpent(spent) }),
    effect: (effect) => channel.send({ type: 'effect', call, effect }),
    extend: streams.extend,
    writeStream: streams.write,
    readStream: streams.read,
    find,
    permit: (program, args) => permit(program, args, given.workspace),
    async exec(program, args, options = {}) {
      const cwd = options.cwd ?? given.workspace;
      const path = await permit(program, args, cwd);
      const env = { ...workerEnvironment(), ...options.env };
      return execute(path, args, { ...options, cwd, env, signal });
    },
    async fetch(url, { onPart, ...options } = {}) {
      const parts = onPart === undefined ? {} : { parts: true };
      return (await channel.ask({ kind: 'fetch', url, options, ...parts }, onPart)) as unknown as Fetched;
    },
    async call(uses, input, { timeoutMs } = {}) {
      if (channel.protocol < PROTOCOL_OF.calls) throw tooOld(uses, channel.protocol);
      const limit = timeoutMs === undefined ? {} : { timeoutMs };
      return (await channel.ask({ kind: 'call', uses, input: input as JsonObject, ...limit })) as never;
    },
    secretReference: (name) => ({ $secret: name }),
    async secret(name) {
      return (await channel.ask({ kind: 'secret', name })) as string;
    },
    async reach(host, port) {
      await channel.ask({ kind: 'connect', host, port });
    },
    async ssh(place) {
      const access = (await channel.ask({ kind: 'ssh', place })) as unknown as SshAccess;
      const { config, close } = await openSsh(place, access, await tempDir());
      leftovers.push(close);
      return config;
    },
    tempDir,
  };
}

/** It would take the message for a broken one, and say so of the worker. */
function tooOld(uses: string, spoken: number): ActionError {
  const message = `${uses} was not called: this Cadre speaks protocol ${spoken}, and calls came with ${PROTOCOL_OF.calls}`;
  return new ActionError('incompatible', message, { hint: 'install a newer version of Cadre' });
}

const MONEY = /^\d{1,12}(\.\d{1,12})? [A-Z]{3}$/;

/** The author hears of it at once; the host would only see a broken message. */
function checkedSpent({ tokens, money }: Spent): Spent {
  if (tokens !== undefined && !(Number.isSafeInteger(tokens) && tokens >= 0)) {
    throw new ActionError(
      'worker_fault',
      `${tokens} is no number of tokens: a whole number is meant, not below 0`,
    );
  }
  if (money !== undefined && !MONEY.test(money)) {
    throw new ActionError(
      'worker_fault',
      `"${money}" is no amount of money: one such as 0.0125 USD is meant`,
    );
  }
  return { ...(tokens === undefined ? {} : { tokens }), ...(money === undefined ? {} : { money }) };
}

/** The host starts a worker with a small environment without secrets; its programs get the same. */
function workerEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
