import {
  type CallContext,
  type Failure,
  failure,
  type HookContext,
  type HookName,
  type JsonValue,
  MAX_LINE_BYTES,
  type Outcome,
  PROTOCOL_VERSION,
  type WorkerMessage,
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
import { answerWorker } from './answer-worker.ts';
import { type CallStreams, createCallStreams } from './call-streams.ts';
import { readLines } from './read-lines.ts';
import { sendToWorker } from './send-to-worker.ts';
import { type Measuring, startMeasuring } from './start-measuring.ts';
import { tailLines } from './tail-lines.ts';
import { tellLimits } from './tell-limits.ts';
import { type LimitUse, watchLimits } from './watch-limits.ts';
import { brokenProtocol, cancelledCall, checkGreeting, explainEnd } from './worker-failure.ts';
import { createWorkerHooks } from './worker-hooks.ts';
import { readMessage } from './worker-message.ts';

export interface WorkerTimes {
  /** Until a started worker must have said `ready`. */
  readonly startMs: number;
  /** Between being told to cancel or stop and being killed. */
  readonly graceMs: number;
  readonly hookMs: Readonly<Record<HookName, number>>;
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
  /** How long its hooks took. */
  readonly hookTimes: Readonly<Partial<Record<HookName, number>>>;
  /** What went wrong with those that end it; known when it is gone. */
  readonly endFault: Failure | undefined;
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
  /** The worker has it: before, files are carried to it, and nobody there knows of the call. */
  isSent: boolean;
  isAnswered: boolean;
  settle(outcome: Outcome<JsonValue>): void;
}

type HookLog = Extract<WorkerMessage, { readonly type: 'hook-log' }>;

/** Kept short: the text comes from a program that is not trusted. */
const SHOWN_GARBAGE = 200;
const MOST_GARBAGE = 20;
const MOST_EARLY = 50;

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
 * 4. Whoever is told to end is given the time that its hooks have; a call that does not end when it is told to is not waited for.
 * 5. A call with limits is the only one that its process ever has, so that all that is measured is its own.
 * 6. Where files are carried, they are there before the worker hears of a call, and back before anybody hears of its answer.
 */
export function openWorkerProcess(
  worker: InstalledWorker,
  child: ConfinedProcess,
  times: WorkerTimes,
  given: HookContext,
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

  const hooks = createWorkerHooks({
    id,
    context: given,
    limits: times.hookMs,
    send: (message) => sendToWorker(child.stdin, message),
  });
  /** What hooks said before there was a call to say it to. */
  const early: HookLog[] = [];
  let endFault: Failure | undefined;

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
      if (hooks.hasEnd) void end();
      else kill('its last call was over');
    }
  };

  /** Who was late with a hook has had its time. */
  const end = async () => {
    endFault = await hooks.end();
    if (endFault?.code === 'hook_timeout') return kill(endFault.message);
    // What it wrote at its end; what others have changed meanwhile stays as it is here.
    if (hooks.hasEnd) await child.files?.take();
    sendToWorker(child.stdin, { type: 'stop' });
    const late = setTimeout(() => kill('it did not end when it was told to'), times.graceMs);
    await gone;
    clearTimeout(late);
  };

  /** Whose call it belongs to only the worker knows; it is the newest that is most likely at work. */
  const count = (text: string) => watch.said([...calls.keys()].at(-1) ?? '', Buffer.byteLength(text));
  const endless = (how: string, most: number) => {
    const tried = `${how} a line of more than ${most} bytes`;
    notice({ kind: 'output', tried, rule: 'no line is held beyond that' });
    kill(tried);
  };
  /** Of a call that is over it may come late; nobody may speak for one that never was. */
  const foreign = ({
    call,
    type,
  }: Exclude<WorkerMessage, { type: 'ready' | 'chunk' | 'hooked' | 'hook-log' }>) => {
    if (/^\d{1,15}$/.test(call) && Number(call) <= numbered) return;
    const tried = `${type} for the call ${JSON.stringify(call.slice(0, SHOWN_GARBAGE))}`;
    notice({ kind: 'protocol', tried, rule: 'protocol: there is no such call' });
  };

  /** As long as the process is there it can be seen what it used. One that is being ended is answered for by its end. */
  const answered = async (call: string, outcome: Outcome<JsonValue>) => {
    const found = calls.get(call);
    if (found === undefined || found.isAnswered) return;
    found.isAnswered = true;
    if (child.files !== undefined) {
      const fault = await child.files.take();
      if (fault !== undefined)
        return uncarried(call, outcome.ok ? fault : { ...fault, cause: outcome.failure });
    }
    const { meter } = found;
    if (!watch.isWithin()) return;
    if (meter === undefined) settle(call, outcome);
    else void meter.look().then((isWell) => isWell && settle(call, outcome));
  };

  /** What it has does not match what is here any more, so it gets no further call. */
  const uncarried = (call: string, fault: Failure) => {
    isRetired = true;
    isAsked = true;
    settle(call, { ok: false, failure: fault });
    child.kill();
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
    if (message.type === 'ready') {
      hooks.has(message.hooks ?? []);
      return greeting.resolve(checkGreeting(worker, message));
    }
    if (message.type === 'hooked') return hooks.hear(message);
    if (message.type === 'hook-log') return keepHookLog(message);
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
        return void answerWorker(child.stdin, message.request, message.body, call);
      case 'extended':
        return breakOff(message.call, call.streams.extended(message.piece));
      case 'credit':
        return call.streams.credit(message.stream, message.bytes);
      case 'unread':
        return call.streams.unread(message.stream);
      case 'succeeded':
        return void answered(message.call, { ok: true, output: message.output });
      case 'failed':
        return void answered(message.call, { ok: false, failure: message.failure });
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
  const keepHookLog = (log: HookLog) => {
    const { level, message, fields } = log;
    const call = newest();
    if (call !== undefined) return call.observer.log(level, message, fields);
    errors.add(message);
    if (early.length < MOST_EARLY) early.push(log);
  };
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
    hooks.gone(why);
    if (end.used !== undefined) newest()?.observer.measure(end.used);
    for (const call of calls.keys()) settle(call, { ok: false, failure: why });
    if (wasAsked || why.code === 'limit_exceeded' || end.isLost === true) return 'asked';
    return end.code === 0 && end.error === undefined && killed === undefined ? 'left' : 'died';
  });
  sendToWorker(child.stdin, { type: 'hello', protocol: PROTOCOL_VERSION });

  const process: WorkerProcess = {
    get running() {
      return calls.size;
    },
    get isRetired() {
      return isRetired;
    },
    gone,
    hookTimes: hooks.times,
    get endFault() {
      return endFault;
    },
    use: child.use,
    call({ action, input, files, ...given }, signal, observer) {
      const call = String(++numbered);
      // Invariant 5.
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
          if (!sent.isSent) return kill('a call was stopped before it began');
          sendToWorker(child.stdin, { type: 'cancel', call, reason: String(signal.reason ?? 'cancelled') });
          grace = setTimeout(() => kill('a call did not end when it was cancelled'), times.graceMs);
        };
        const finish = (outcome: Outcome<JsonValue>) => {
          clearTimeout(grace);
          signal.removeEventListener('abort', cancel);
          meter?.stop();
          resolve(signal.aborted ? { ok: false, failure: cancelledCall(id, action) } : outcome);
        };
        const streams = createCallStreams(call, observer, (message, bytes) =>
          sendToWorker(child.stdin, message, bytes),
        );
        const settled = { observer, signal, streams, settle: finish };
        for (const { level, message, fields } of early.splice(0)) observer.log(level, message, fields);
        watch.begin(call);
        const begun = { isSent: false, isAnswered: false, ...(meter === undefined ? {} : { meter }) };
        const sent: Call = { ...settled, ...begun };
        calls.set(call, sent);
        const context = contextOf(given);
        const send = () => {
          sent.isSent = true;
          sendToWorker(child.stdin, { type: 'call', call, action, input, context, ...(files && { files }) });
        };
        if (child.files === undefined) send();
        else
          void child.files.bring().then((fault) => (fault === undefined ? send() : uncarried(call, fault)));
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
      await end();
      await gone;
    },
  };
  return { process, ready: greeting.promise.then((fault) => fault ?? hooks.begin()) };
}

/** Confinement and environment are the host's affair and do not cross. */
function contextOf(call: Omit<ActionCall, 'action' | 'input'>): CallContext {
  const { workspace, dataDir, mode, run, step, attempt, idempotencyKey, config } = call;
  return { workspace, dataDir, mode, run, step, attempt, idempotencyKey, config };
}
