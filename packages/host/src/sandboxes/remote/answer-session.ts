import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { isCadreError } from '@cadre/core';
import { createByteReader } from './byte-reader.ts';
import { type ByteWriter, createByteWriter } from './byte-writer.ts';
import { sayChanges, sendContents } from './exchange-changes.ts';
import { type HostedProcess, type Hosting, hostProcess } from './hosted-process.ts';
import {
  BringShape,
  MOST_START_BYTES,
  MOST_WANTED_BYTES,
  type Refused,
  WantedShape,
} from './remote-protocol.ts';

/**
 * Answers what the other side asks for, as long as the session lasts.
 * Invariants
 * 1. When the answer of `close` is there nothing runs any more that was started here, and nothing is left of it.
 * 2. What is asked for wrongly is refused in words and harms no other program.
 */
export function answerSession(session: ServerHttp2Session, hosting: Hosting) {
  const processes = new Map<string, HostedProcess>();
  const starting = new Set<Promise<unknown>>();
  let isClosed = false;

  async function start(stream: ServerHttp2Stream): Promise<void> {
    const writer = createByteWriter(stream);
    const begun = hostProcess(createByteReader(stream), writer, hosting);
    starting.add(begun);
    const process = await begun.finally(() => starting.delete(begun));
    processes.set(process.id, process);
    if (isClosed || stream.destroyed) process.child.kill();
    await writer.line({ process: process.id, most: process.child.most });
  }

  async function answer(stream: ServerHttp2Stream, path: string): Promise<void> {
    if (path === '/processes') return start(stream);
    const [, , id = '', what = '', name = ''] = path.split('/');
    const process = processes.get(id);
    if (process === undefined) throw new Error('there is no such program any more');
    await answerProcess(process, what, name, stream);
    // Whoever has heard of its end asks for nothing more.
    if (what === 'ended') processes.delete(id);
  }

  session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders & { ':path'?: string }) => {
    stream.on('error', () => {});
    stream.respond({ ':status': 200 });
    answer(stream, headers[':path'] ?? '')
      .catch((error: unknown) => createByteWriter(stream).line({ refused: inWords(error) }))
      .catch(() => {})
      .finally(() => stream.end());
  });

  return {
    async close() {
      isClosed = true;
      await Promise.allSettled(starting);
      for (const { child } of processes.values()) {
        child.kill();
        // Nobody else reads it to its end.
        child.stdout.resume();
        child.stderr.resume();
      }
      await Promise.all([...processes.values()].map(({ gone }) => gone));
    },
  };
}

async function answerProcess(
  process: HostedProcess,
  what: string,
  name: string,
  stream: ServerHttp2Stream,
): Promise<void> {
  const { child } = process;
  const writer = createByteWriter(stream);
  switch (what) {
    case 'stdin':
      return pass(stream, child.stdin);
    case 'stdout':
      return pass(child.stdout, stream);
    case 'stderr':
      return pass(child.stderr, stream);
    case 'ended':
      return writer.line(await process.gone);
    case 'kill':
      child.kill();
      return writer.line({ done: true });
    case 'measure':
      return writer.line({ usage: await child.measure() });
    case 'use':
      return writer.line({ use: await child.use() });
    case 'load':
      return writer.line({ ...(await child.load()), full: child.full() });
    case 'bring':
      return bring(process, stream, writer);
    case 'take':
      return take(process, stream, writer);
    case 'connections':
      return tellConnections(process, stream, writer);
    case 'connection':
      return connect(process, name, stream);
    default:
      throw new Error('nobody here knows what that is');
  }
}

async function bring({ tree }: HostedProcess, stream: ServerHttp2Stream, writer: ByteWriter): Promise<void> {
  const reader = createByteReader(stream);
  const { entries } = BringShape.parse(JSON.parse(await reader.line(MOST_START_BYTES)));
  await tree.receive(entries, reader, writer);
  await writer.line({ done: true });
}

async function take(
  { tree, child }: HostedProcess,
  stream: ServerHttp2Stream,
  writer: ByteWriter,
): Promise<void> {
  const found = await tree.changes();
  if (!found.ok) return writer.line({ refused: refusedOf(found.failure) });
  const changes = found.output;
  await writer.line({ entries: changes.length, full: child.full() });
  await sayChanges(changes, writer);
  const wanted = WantedShape.parse(JSON.parse(await createByteReader(stream).line(MOST_WANTED_BYTES)));
  await sendContents(changes, wanted.wanted, writer, tree.top);
  tree.given(changes);
}

/** Until the program is gone. */
async function tellConnections(
  { proxy, gone }: HostedProcess,
  stream: ServerHttp2Stream,
  writer: ByteWriter,
): Promise<void> {
  proxy?.announce((connection) => void writer.line({ connection }).catch(() => {}));
  stream.resume();
  await gone;
}

async function connect({ proxy }: HostedProcess, name: string, stream: ServerHttp2Stream): Promise<void> {
  const connection = proxy?.claim(name);
  if (connection === undefined) throw new Error('there is no such connection any more');
  stream.on('close', () => connection.destroy());
  stream.pipe(connection);
  connection.pipe(stream);
  await new Promise<void>((resolve) => connection.once('close', () => resolve()));
}

/** From one to the other until the one has ended or the other is gone. */
function pass(from: NodeJS.ReadableStream, to: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    from.once('end', () => resolve());
    from.once('close', () => resolve());
    to.once('close', () => {
      // What nobody takes any more must not hold up the others.
      from.unpipe(to);
      from.resume();
      resolve();
    });
    from.pipe(to);
  });
}

function inWords(error: unknown): Refused {
  if (isCadreError(error)) return refusedOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  return { code: 'remote_fault', message: reason.slice(0, 2_000) };
}

function refusedOf({
  code,
  message,
  hint,
}: {
  code: string;
  message: string;
  hint?: string | undefined;
}): Refused {
  return { code, message: message.slice(0, 10_000), ...(hint === undefined ? {} : { hint }) };
}
