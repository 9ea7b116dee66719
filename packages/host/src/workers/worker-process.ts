import type { Writable } from 'node:stream';
import {
  type CallContext,
  type Failure,
  failure,
  type HostMessage,
  type JsonValue,
  MAX_LINE_BYTES,
  type Outcome,
  PROTOCOL_VERSION,
  type WorkerMessage,
  type WorkerRequest,
} from '@cadre/sdk';
import { readFrames } from '@cadre/sdk/frames';
import type {
  ActionCall,
  CallObserver,
  CallRequest,
  InstalledWorker,
  Noticed,
} from '../ports/action-runner.ts';
import type { ConfinedProcess, ProcessUse } from '../ports/sandbox.ts';
import { type CallStreams, createCallStreams } from './call-streams.ts';
import { readLines } from './read-lines.ts';
import { type Measuring, startMeasuring } from './start-measuring.ts';
import { tailLines } from './tail-lines.ts';
import { tellLimits } from './tell-limits.ts';
import { type LimitUse, watchLimits } from './watch-limits.ts';
import { brokenProtocol, cancelledCall, checkGreeting, explainEnd } from './worker-failure.ts';
import { readMessage } from './worker-message.ts';

export interface WorkerTimes {
  /** Until a started worker must have said `ready`. */
  readonly startMs: number;
  /** Between being told to cancel or stop and being killed. */
  readonly graceMs: number;
}

/** One running worker. */
export interface WorkerProcess {
  /** Calls under way. */
  readonly running: number;
  /** Takes no further calls: it is ending, or was told to end as soon as its calls are over. */
  readonly isRetired: boolean;
  call(call: ActionCall, signal: AbortSignal, observer: CallObserver): Promise<Outcome<JsonValue>>;
  /** What programs of the worker ask for, put to the call that is under way. */
  ask(request: CallRequest): Promise<Outcome<JsonValue>>;
  /** What was noticed of its programs from outside. */
  notice(noticed: Noticed): void;
  /** Asks it to end, kills it after the grace; resolves when it is gone. */
  stop(): Promise<void>;
  /** What it uses, or has used when it is gone; undefined where nothing can be seen. */
  use(): Promise<ProcessUse | undefined>;
  /** When it is gone, and whether that was wanted. */
  readonly gone: Promise<Gone>;
}

/** `asked`: we ended it, or a limit did. `left`: by itself and without fault. `died`: by itself. */
export type Gone = 'asked' | 'left' | 'died';

interface Call {
  readonly observer: CallObserver;
  readonly signal: AbortSignal;
  readonly streams: CallStreams;
  readonly meter?: Measuring;
  settle(outcome: Outcome<JsonValue>): void;
}

/** Kept short: the text comes from a program that is not trusted. */
const SHOWN_GARBAGE = 200;
const MOST_GARBAGE = 20;

/** What people and programs print has no such lines. */
const MAX_ERROR_LINE_BYTES = 1024 * 1024;

/**
 * Speaks the protocol with a worker's process until it ends.
 * Invariants:
 * 1. Every call settles exactly once: by its answer, by breaking the protocol, or by the end of the process.
 * 2. A call whose signal is aborted settles as `cancelled` and at most `graceMs` later; its process then takes no
 *    further calls and is killed with all that it started as soon as no other call is on it.
 * 3. Nothing that the worker sends is used before it was checked, no line is held beyond MAX_LINE_BYTES, and of bytes and
 *    partial results no more than it was given credit for.
 * 4. A call with limits is the only one that its process ever has, so that all that is measured is its own.
 */
export function openWorkerProcess(
  worker: InstalledWorker,
  child: ConfinedProcess,
  times: WorkerTimes,
): { readonly process: WorkerProcess; readonly ready: Promise<Failure | undefined> } {
  const { id } = worker.manifest;
  const calls = new Map<string, Call>();
  const errors = tailLines();
  const greeting = Promise.withResolvers<Failure | undefined>();
  let numbered = 0;
  let garbage = 0;
  let isRetired = false;
  /** Why we killed it, when we did. */
  let killed: string | LimitUse | undefined;
  /** It was to end: for nothing that it had done. */
  let isAsked = false;

  const newest = () => [...calls.values()].at(-1);
  const notice = (noticed: Noticed) => newest()?.observer.noticed?.(noticed);
  const kill = (reason: string | LimitUse) => {
    isRetired = true;
    killed ??= reason;
    child.kill();
  };
  const watch = watchLimits(child, tellLimits(id, newest, kill));
  const settle = (call: string, outcome: Outcome<JsonValue>) => {
    const found = calls.get(call);
    calls.delete(call);
    watch.end(call);
    // What it wrote has to be where it belongs before anybody is told of it.
    if (found !== undefined) void found.streams.end().then(() => found.settle(outcome));
    if (isRetired && calls.size === 0) {
      isAsked = true;
      kill('its last call was over');
    }
  };

  /** Whose call it belongs to only the worker knows; it is the newest that is most likely at work. */
  const count = (text: string) => watch.said([...calls.keys()].at(-1) ?? '', Buffer.byteLength(text));
  const endless = (how: string, most: number) => {
    const tried = `${how} a line of more than ${most} bytes`;
    notice({ kind: 'output', tried, rule: 'no line is held beyond that' });
    kill(tried);
  };
  /** Of a call that is over it may come late; nobody may speak for one that never was. */
  const foreign = ({ call, type }: Exclude<WorkerMessage, { type: 'ready' | 'chunk' }>) => {
    if (/^\d{1,15}$/.test(call) && Number(call) <= numbered) return;
    const tried = `${type} for the call ${JSON.stringify(call.slice(0, SHOWN_GARBAGE))}`;
    notice({ kind: 'protocol', tried, rule: 'protocol: there is no such call' });
  };

  /** As long as the process is there it can be seen what it used. One that is being ended is answered for by its end. */
  const answered = (call: string, outcome: Outcome<JsonValue>) => {
    const { meter } = calls.get(call) ?? {};
    if (!watch.isWithin()) return;
    if (meter === undefined) settle(call, outcome);
    else void meter.look().then((isWell) => isWell && settle(call, outcome));
  };

  const breakOff = (call: string, why: Failure | undefined) => {
    if (why === undefined) return;
    isRetired = true;
    settle(call, { ok: false, failure: why });
  };

  const receive = (line: string) => {
    const read = readMessage(line);
    if (read.kind === 'message') return handle(read.message);
    const shown = JSON.stringify(line.slice(0, SHOWN_GARBAGE));
    if (read.kind === 'broken') {
      calls
        .get(read.call)
        ?.observer.noticed?.({ kind: 'protocol', tried: shown, rule: `protocol: ${read.reason}` });
      return breakOff(read.call, brokenProtocol(id, read.reason));
    }
    garbage += 1;
    if (garbage > MOST_GARBAGE) return;
    notice({ kind: 'protocol', tried: shown, rule: 'protocol: no message' });
    newest()?.observer.log('warn', `${id} wrote to standard output what is no message: ${shown}`);
  };

  const handle = (message: WorkerMessage) => {
    if (message.type === 'ready') return greeting.resolve(checkGreeting(worker, message));
    // Its bytes follow, whether anybody wants them or not.
    if (message.type === 'chunk') {
      chunk = message;
      return;
    }
    const call = calls.get(message.call);
    if (call === undefined) return foreign(message);
    const { observer } = call;
    switch (message.type) {
      case 'log':
        return observer.log(message.level, message.message, message.fields);
      case 'progress':
        return observer.progress(message.progress);
      case 'spent':
        return observer.spend(message.spent);
      case 'effect':
        return observer.effect(message.effect);
      case 'refused':
        return observer.noticed?.({
          kind: 'refused',
          tried: `${message.permission} ${message.resource}`.trim(),
          rule: 'permissions of its own Node',
        });
      case 'request':
        return void answer(child.stdin, message.request, put(message.body, call));
      case 'extended':
        return breakOff(message.call, call.streams.extended(message.piece));
      case 'credit':
        return call.streams.credit(message.stream, message.bytes);
      case 'unread':
        return call.streams.unread(message.stream);
      case 'succeeded':
        return answered(message.call, { ok: true, output: message.output });
      case 'failed':
        return answered(message.call, { ok: false, failure: message.failure });
    }
  };

  let chunk: Extract<WorkerMessage, { type: 'chunk' }> | undefined;
  readFrames(child.stdout, MAX_LINE_BYTES, {
    line(text) {
      chunk = undefined;
      count(text);
      receive(text);
      // Set by a chunk's line.
      return (chunk as { readonly bytes: number } | undefined)?.bytes;
    },
    bytes(bytes, done) {
      const call = chunk === undefined ? undefined : calls.get(chunk.call);
      if (chunk === undefined || call === undefined) return done();
      breakOff(chunk.call, call.streams.bytes(chunk.stream, bytes, done));
    },
    tooLong: () => endless('it sent', MAX_LINE_BYTES),
    end: () => undefined,
  });
  const keepError = (line: string) => {
    count(line);
    errors.add(line);
    newest()?.observer.log('info', line);
  };
  readLines(child.stderr, MAX_ERROR_LINE_BYTES, keepError, () =>
    endless('it wrote to standard error', MAX_ERROR_LINE_BYTES),
  );

  const slow = setTimeout(() => kill(`it was not ready after ${times.startMs} ms`), times.startMs);
  void greeting.promise.then(() => clearTimeout(slow));
  const gone = child.ended.then((end): Gone => {
    const wasAsked = isAsked;
    isRetired = true;
    const why = explainEnd(id, end, killed, errors.text());
    greeting.resolve(why);
    if (end.used !== undefined) newest()?.observer.measure(end.used);
    for (const call of calls.keys()) settle(call, { ok: false, failure: why });
    if (wasAsked || why.code === 'limit_exceeded') return 'asked';
    return end.code === 0 && end.error === undefined && killed === undefined ? 'left' : 'died';
  });
  send(child.stdin, { type: 'hello', protocol: PROTOCOL_VERSION });

  const process: WorkerProcess = {
    get running() {
      return calls.size;
    },
    get isRetired() {
      return isRetired;
    },
    gone,
    use: child.use,
    call({ action, input, files, ...given }, signal, observer) {
      const call = String(++numbered);
      // Invariant 4.
      if (given.limits !== undefined) isRetired = true;
      const meter = given.limits === undefined ? undefined : startMeasuring(child, observer);
      return new Promise((resolve) => {
        let grace: NodeJS.Timeout | undefined;
        const cancel = () => {
          isRetired = true;
          isAsked = true;
          // There is nobody else in it, and each moment of grace would use more.
          if (meter !== undefined && signal.reason === 'over_budget')
            return kill('it used more than its budget');
          send(child.stdin, { type: 'cancel', call, reason: String(signal.reason ?? 'cancelled') });
          grace = setTimeout(() => kill('a call did not end when it was cancelled'), times.graceMs);
        };
        const finish = (outcome: Outcome<JsonValue>) => {
          clearTimeout(grace);
          signal.removeEventListener('abort', cancel);
          meter?.stop();
          resolve(signal.aborted ? { ok: false, failure: cancelledCall(id, action) } : outcome);
        };
        const streams = createCallStreams(call, observer, (message, bytes) =>
          send(child.stdin, message, bytes),
        );
        const settled = { observer, signal, streams, settle: finish };
        watch.begin(call);
        calls.set(call, { ...settled, ...(meter === undefined ? {} : { meter }) });
        const context = contextOf(given);
        send(child.stdin, { type: 'call', call, action, input, context, ...(files && { files }) });
        if (signal.aborted) cancel();
        else signal.addEventListener('abort', cancel, { once: true });
      });
    },
    notice,
    async ask(request) {
      const refused = failure('denied', `${id} has no call under way that could ask for this`);
      return newest()?.observer.request(request) ?? { ok: false, failure: refused };
    },
    async stop() {
      isRetired = true;
      isAsked = true;
      send(child.stdin, { type: 'stop' });
      const late = setTimeout(() => kill('it did not end when it was told to'), times.graceMs);
      await gone;
      clearTimeout(late);
    },
  };
  return { process, ready: greeting.promise };
}

function send(stdin: Writable, message: HostMessage, bytes?: Uint8Array): void {
  if (!stdin.writable) return;
  stdin.write(`${JSON.stringify(message)}\n`);
  if (bytes !== undefined) stdin.write(bytes);
}

function put(body: WorkerRequest, { observer, streams }: Call): Promise<Outcome<JsonValue>> {
  switch (body.kind) {
    case 'write-stream':
    case 'close-stream':
    case 'read-stream':
      return streams.ask(body);
    default:
      return observer.request(body);
  }
}

/** Confinement and environment are the host's affair and do not cross. */
function contextOf(call: Omit<ActionCall, 'action' | 'input'>): CallContext {
  const { workspace, dataDir, mode, run, step, attempt, idempotencyKey, config } = call;
  return { workspace, dataDir, mode, run, step, attempt, idempotencyKey, config };
}

async function answer(stdin: Writable, request: string, asked: Promise<Outcome<JsonValue>>): Promise<void> {
  const outcome = await asked;
  send(
    stdin,
    outcome.ok
      ? { type: 'answer', request, value: outcome.output }
      : { type: 'refusal', request, failure: outcome.failure },
  );
}
