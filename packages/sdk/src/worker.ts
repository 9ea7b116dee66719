import { createInterface } from 'node:readline';
import { type CallChannel, performCall } from './call.ts';
import type { Worker } from './define-worker.ts';
import { ActionError } from './failure.ts';
import type { JsonValue } from './json.ts';
import { type HostMessage, PROTOCOL_VERSION, type WorkerMessage } from './protocol.ts';

/**
 * Makes this process a worker: speaks the protocol on standard input and output until the host says `stop` or goes.
 * Invariants:
 * 1. Standard output carries protocol lines only; `console` writes to standard error.
 * 2. Each call is answered once, by `succeeded` or `failed`.
 * 3. When standard input ends every call is aborted and the process exits.
 */
export function serve(worker: Worker): void {
  const write = process.stdout.write.bind(process.stdout);
  globalThis.console = new console.Console(process.stderr, process.stderr);
  const send = (message: WorkerMessage) => write(`${JSON.stringify(message)}\n`);

  const calls = new Map<string, AbortController>();
  const questions = new Map<string, { answer(value: JsonValue): void; refuse(error: Error): void }>();
  let asked = 0;

  const channel = (call: string): CallChannel => ({
    send,
    ask: (body) =>
      new Promise((answer, refuse) => {
        const request = `${call}:${++asked}`;
        questions.set(request, { answer, refuse });
        send({ type: 'request', call, request, body });
      }),
  });

  const perform = async (message: Extract<HostMessage, { type: 'call' }>) => {
    const controller = new AbortController();
    calls.set(message.call, controller);
    const end = await performCall(worker, message, controller.signal, channel(message.call));
    calls.delete(message.call);
    send(end);
  };

  const shutDown = () => {
    for (const controller of calls.values()) controller.abort(new Error('the host is gone'));
    // Programs get their grace period; the host's own deadline ends what does not listen.
    setTimeout(() => process.exit(0), calls.size === 0 ? 0 : 2_500);
  };

  const handle = (message: HostMessage) => {
    switch (message.type) {
      case 'hello':
        return send({
          type: 'ready',
          protocol: PROTOCOL_VERSION,
          worker: worker.id,
          actions: Object.keys(worker.actions),
        });
      case 'call':
        return void perform(message);
      case 'cancel':
        return calls.get(message.call)?.abort(new Error(message.reason));
      case 'answer':
        questions.get(message.request)?.answer(message.value);
        return questions.delete(message.request);
      case 'refusal': {
        const { code, message: text, ...extras } = message.failure;
        questions.get(message.request)?.refuse(new ActionError(code, text, extras));
        return questions.delete(message.request);
      }
      case 'stop':
        return shutDown();
    }
  };

  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', (line) => handle(JSON.parse(line) as HostMessage));
  lines.on('close', shutDown);
}
