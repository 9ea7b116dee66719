import type { Writable } from 'node:stream';
import {
  type Failure,
  type FetchPart,
  failure,
  type JsonValue,
  type Outcome,
  type WorkerRequest,
} from '@cadre/sdk';
import type { CallObserver } from '../ports/action-runner.ts';
import type { CallStreams } from './call-streams.ts';
import { sendToWorker } from './send-to-worker.ts';

interface Asking {
  readonly observer: CallObserver;
  readonly streams: CallStreams;
}

/** Puts what a worker asks for during a call to whoever answers it, and hands the answer back. */
export async function answerWorker(
  stdin: Writable,
  request: string,
  body: WorkerRequest,
  call: Asking,
): Promise<void> {
  const outcome = await put(body, call, (part) => sendToWorker(stdin, { type: 'part', request, part }));
  sendToWorker(
    stdin,
    outcome.ok
      ? { type: 'answer', request, value: outcome.output }
      : { type: 'refusal', request, failure: outcome.failure },
  );
}

async function put(
  body: WorkerRequest,
  { observer, streams }: Asking,
  tell: (part: FetchPart) => void,
): Promise<Outcome<JsonValue>> {
  switch (body.kind) {
    case 'write-stream':
    case 'close-stream':
    case 'read-stream':
      return streams.ask(body);
    case 'call':
      return (await observer.call?.(body)) ?? { ok: false, failure: nobody(body.uses) };
    default:
      return observer.request(body, tell);
  }
}

/** While a worker is tried there is no gate through which others could be reached. */
function nobody(uses: string): Failure {
  return failure('denied', `${uses.slice(0, 100)} cannot be called here: a worker is tried by itself`, {
    hint: 'answer it in a test of your own: calls of runAction',
  });
}
