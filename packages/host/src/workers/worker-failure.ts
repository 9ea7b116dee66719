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

/** `killed`: why we ended it ourselves, when we did. */
export function explainEnd(
  id: string,
  end: ProcessEnd,
  killed: string | undefined,
  lastLines: string,
): Failure {
  const details = { code: end.code, signal: end.signal, lastLines };
  if (end.exceededMemoryBytes !== undefined) {
    const mebibytes = Math.round(end.exceededMemoryBytes / 1024 / 1024);
    return failure(
      'limit_exceeded',
      `the worker ${id} was ended because it used more than its limit: memory ${mebibytes} MiB`,
      { details: { ...details, limit: 'memory', planned: end.exceededMemoryBytes } },
    );
  }
  const how = end.signal === null ? `exit code ${end.code}` : `signal ${end.signal}`;
  const why = end.error ?? killed ?? how;
  const last = lastLines === '' ? '' : `; it last wrote: ${lastLines.split('\n').slice(-3).join(' / ')}`;
  return failure('worker_died', `the worker ${id} ended: ${why}${last}`, { retryable: true, details });
}
