import { Worker } from 'node:worker_threads';
import { readFrames } from '@cadre/sdk/frames';

/**
 * The first thread of the process of a worker with `strategy: thread`; its code computes in the second one. `node run-in-thread.js ENTRY MIB ARGUMENT...`.
 * Standard input and output are handed on as they are, except that whoever is cancelled and still computes after a second is ended.
 */
const CANCEL_MS = 1_000;

const [, , entry = '', mebibytes = '1024', ...given] = process.argv;
const thread = new Worker(entry, {
  stdin: true,
  stdout: true,
  argv: given,
  resourceLimits: { maxOldGenerationSizeMb: Number(mebibytes) },
});
const stdin = thread.stdin;
thread.stdout.pipe(process.stdout);
thread.once('error', (error) => {
  console.error(error);
  process.exit(1);
});
thread.once('exit', (code) => process.exit(code));

let late: NodeJS.Timeout | undefined;
readFrames(process.stdin, Number.POSITIVE_INFINITY, {
  line(text) {
    stdin?.write(`${text}\n`);
    const message = JSON.parse(text) as { readonly type: string; readonly bytes?: number };
    clearTimeout(late);
    // It has one call, and this was it: the host starts another process for the next one.
    if (message.type === 'cancel') late = setTimeout(() => process.exit(1), CANCEL_MS);
    return message.type === 'chunk' ? message.bytes : undefined;
  },
  bytes: (bytes, done) => void stdin?.write(bytes, done),
  tooLong: () => undefined,
  end: () => void stdin?.end(),
});
