import {
  type Failure,
  failure,
  type HookName,
  OLDEST_PROTOCOL,
  PROTOCOL_VERSION,
  type WorkerMessage,
} from '@cadre/sdk';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { ProcessEnd } from '../ports/sandbox.ts';
import { tellingLines } from './telling-lines.ts';
import type { LimitUse, UseLimit } from './watch-limits.ts';

/** Undefined when the worker is the one that its manifest describes. */
export function checkGreeting(
  { manifest }: InstalledWorker,
  ready: Extract<WorkerMessage, { type: 'ready' }>,
): Failure | undefined {
  if (ready.protocol < OLDEST_PROTOCOL || ready.protocol > PROTOCOL_VERSION) {
    return failure(
      'incompatible',
      `${manifest.id} speaks protocol ${ready.protocol}, Cadre speaks ${OLDEST_PROTOCOL} to ${PROTOCOL_VERSION}`,
      {
        hint: 'install a version of the worker that fits this version of Cadre',
      },
    );
  }
  const missing = manifest.actions.map(({ name }) => name).filter((name) => !ready.actions.includes(name));
  if (missing.length === 0) return undefined;
  return failure(
    'incompatible',
    `${manifest.id} promises actions that its code does not have: ${missing.join(', ')}`,
    {
      hint: 'make worker.yaml and the code of the worker agree',
    },
  );
}

export function brokenProtocol(id: string, reason: string): Failure {
  return failure('worker_fault', `${id} sent a message that does not fit the protocol: ${reason}`);
}

export function cancelledCall(id: string, action: string): Failure {
  return failure('cancelled', `${id}/${action} was stopped`);
}

/** Of a process that ended before it was ready: with what it wrote of that. */
export function notStarted(id: string, fault: Failure): Failure {
  if (fault.code !== 'worker_died') return fault;
  const { details } = fault;
  const isTable = typeof details === 'object' && details !== null && !Array.isArray(details);
  const lastLines = isTable ? details['lastLines'] : undefined;
  const telling = typeof lastLines === 'string' ? tellingLines(lastLines) : [];
  const why = telling.length === 0 ? fault.message : telling.join(' / ');
  return failure('worker_not_started', `the worker ${id} could not be started: ${why}`, {
    hint:
      telling.length === 0
        ? '`cadre doctor` tells what the sandbox of this machine can do'
        : 'mend what it says there; `cadre doctor` tells what the sandbox of this machine can do',
    ...(details === undefined ? {} : { details }),
    cause: fault,
  });
}

/** What a hook said, or that its time was over. */
export function failedHook(id: string, hook: HookName, cause: Failure): Failure {
  if (cause.code === 'hook_timeout') return cause;
  return failure(
    'worker_not_started',
    `the worker ${id} could not be started: its ${hook} failed: ${cause.message}`,
    {
      retryable: cause.retryable,
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      details: { hook },
      cause,
    },
  );
}

export function lateHook(id: string, hook: HookName, limitMs: number): Failure {
  return failure(
    'hook_timeout',
    `${hook} of the worker ${id} was not done after ${limitMs} ms, and was ended`,
    {
      hint: 'do there only what the first call cannot do without, and heed context.signal',
      details: { hook, limitMs },
    },
  );
}

/** `killed`: why we ended it ourselves, when we did: in words, or because it was over a limit. */
export function explainEnd(
  id: string,
  end: ProcessEnd,
  killed: string | LimitUse | undefined,
  lastLines: string,
): Failure {
  const details = { code: end.code, signal: end.signal, lastLines };
  const over = exceededBy(end, lastLines) ?? (typeof killed === 'object' ? killed : undefined);
  if (over !== undefined) {
    return failure(
      'limit_exceeded',
      `the worker ${id} was ended because it used more than its limit: ${useText(over)}`,
      { hint: HOW_TO_RAISE, details: { ...details, ...over } },
    );
  }
  const how = end.signal === null ? `exit code ${end.code}` : `signal ${end.signal}`;
  const why = end.error ?? (typeof killed === 'string' ? killed : how);
  const telling = tellingLines(lastLines);
  const last = telling.length === 0 ? '' : `; it last wrote: ${telling.join(' / ')}`;
  return failure('worker_died', `the worker ${id} ended: ${why}${last}`, { retryable: true, details });
}

const HOW_TO_RAISE = 'make it do less, or raise policy.limits of the settings or resources of its manifest';

/** The system ended one of its processes for want of memory, or its own Node came to the end of its heap. */
function exceededBy(end: ProcessEnd, lastLines: string): LimitUse | undefined {
  const { exceededMemoryBytes: bytes } = end;
  if (bytes !== undefined) return { limit: 'memory', planned: bytes, used: bytes };
  const isAborted = end.signal === 'SIGABRT' || end.signal === 'SIGTRAP' || ABORTED.has(end.code ?? 0);
  const [, heap] = (isAborted && HEAP_END.exec(lastLines)) || [];
  if (heap === undefined) return undefined;
  const used = Number(heap) * 1024 * 1024;
  return { limit: 'memory', planned: used, used };
}

/** 128 and the number of SIGABRT or SIGTRAP: how the first process of a box tells of it. */
const ABORTED = new Set([134, 133]);
/** What V8 prints last: how many MiB the heap had before and after it looked for garbage. */
const HEAP_END = /Mark-Compact[^\n]*? (\d+)\.\d+ \(\d+\.\d+\) -> [\s\S]*JavaScript heap out of memory/;

const MEBIBYTE = 1024 * 1024;
const mebibytes = (used: number) => `${Math.round(used / MEBIBYTE)} MiB`;

const AMOUNTS: Readonly<Record<UseLimit, (used: number) => string>> = {
  cpu: (used) => `${(used / 1000).toFixed(1)} s`,
  memory: mebibytes,
  processes: String,
  files: String,
  disk: mebibytes,
  output: mebibytes,
};

/** `memory 256 MiB`, or `cpu 2.1 s of 2.0 s` where it is known that it was more. */
export function useText({ limit, planned, used }: LimitUse): string {
  const text = AMOUNTS[limit];
  return used === planned ? `${limit} ${text(planned)}` : `${limit} ${text(used)} of ${text(planned)}`;
}
