import type { ClientHttp2Stream } from 'node:http2';
import { finished } from 'node:stream/promises';
import type { z } from 'zod';
import type { ConfinedProcess, Load, ProcessEnd, UseLimits } from '../../ports/sandbox.ts';
import { createByteReader } from './byte-reader.ts';
import type { CarriedTree } from './carried-tree.ts';
import { type Carrying, carryFiles } from './carry-files.ts';
import { heardAnswer } from './heard-answer.ts';
import { passConnections } from './pass-connections.ts';
import type { RemoteConnection } from './remote-connection.ts';
import {
  DoneShape,
  EndShape,
  LoadShape,
  MeasuredShape,
  MOST_ENTRY_BYTES,
  UseShape,
} from './remote-protocol.ts';

export interface RemoteStart {
  /** As the other side calls it. */
  readonly id: string;
  readonly most: UseLimits;
  readonly tree: CarriedTree;
  readonly spool: string;
  readonly proxySocket: string | undefined;
  readonly silenceMs: number;
  /** So long may the end take of what was killed. */
  readonly killMs: number;
  readonly inTurn: Carrying['inTurn'];
}

const UNSEEN: Load = { cpuMs: 0, memoryBytes: 0, processes: 0, openFiles: 0, writtenBytes: 0 };

/**
 * A program on another machine.
 * Invariants
 * 1. `ended` settles whatever the other side does: at the latest when the connection is lost, or a while after it was killed.
 * 2. What the other side says of its use is no more than what is shown and compared: it is read strictly and believed as far as that machine is.
 */
export function remoteProcess(connection: RemoteConnection, start: RemoteStart): ConfinedProcess {
  const { id, most, tree, spool, proxySocket, silenceMs, killMs, inTurn } = start;
  const request = (what: string) => connection.request(`/processes/${id}/${what}`);
  const [stdin, stdout, stderr] = ['stdin', 'stdout', 'stderr'].map(request) as [
    ClientHttp2Stream,
    ClientHttp2Stream,
    ClientHttp2Stream,
  ];
  stdin.resume();
  for (const stream of [stdout, stderr]) stream.end();
  let last: Load = UNSEEN;
  let full: ReturnType<ConfinedProcess['full']>;
  /** Then there is nothing left of it over there that could be asked about. */
  let isOver = false;
  const overdue = Promise.withResolvers<ProcessEnd>();

  async function asked<T>(what: string, shape: z.ZodType<T>): Promise<T> {
    const stream = request(what);
    stream.end();
    // The end comes when it comes. Whatever else is answered late is as good as not answered, however slowly it trickles in.
    const late = what === 'ended' ? undefined : setTimeout(() => stream.destroy(), silenceMs);
    try {
      return await heardAnswer(createByteReader(stream), shape, MOST_ENTRY_BYTES);
    } finally {
      clearTimeout(late);
      stream.destroy();
    }
  }

  async function endOf(): Promise<ProcessEnd> {
    const lost = connection.whenLost.then(
      (error): ProcessEnd => ({ code: null, signal: null, error, isLost: true }),
    );
    const said = asked('ended', EndShape).catch(
      (error: unknown): ProcessEnd => ({
        code: null,
        signal: null,
        error: connection.lost ?? `the sandbox host did not say how it ended: ${String(error)}`,
      }),
    );
    const end = await Promise.race([said, lost, overdue.promise]);
    const isWhole = end.code !== null || end.signal !== null;
    // What it wrote last may still be on its way; what nobody will send any more is not waited for.
    if (!isWhole) for (const stream of [stdout, stderr]) stream.destroy();
    await Promise.race([Promise.all([stdout, stderr].map(isRead)), lost, overdue.promise]);
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
    await files.end();
    return end;
  }

  const files = carryFiles({
    tree,
    spool,
    silenceMs,
    inTurn,
    request,
    lost: () => connection.lost,
    full: (said) => {
      full = said ?? full;
    },
  });
  const ended = endOf();
  void ended.then(() => {
    isOver = true;
  });
  if (proxySocket !== undefined) passConnections(request, proxySocket);

  function kill(): void {
    asked('kill', DoneShape).catch(() => {});
    const late = setTimeout(() => {
      const error = `the sandbox host did not end it within ${killMs / 1000} s`;
      overdue.resolve({ code: null, signal: null, error });
    }, killMs);
    void ended.then(() => clearTimeout(late));
  }

  return {
    stdin,
    stdout,
    stderr,
    ended,
    most,
    files,
    kill,
    async measure() {
      const measured = await asked('measure', MeasuredShape).catch(() => undefined);
      // Nobody would end what cannot be measured any more, and whoever waits for its measure would wait for that.
      if (measured?.usage === undefined) kill();
      return measured?.usage;
    },
    use: async () => (isOver ? undefined : (await asked('use', UseShape).catch(() => undefined))?.use),
    async load() {
      if (isOver) return last;
      const load = await asked('load', LoadShape).catch(() => undefined);
      full = load?.full ?? full;
      last = load ?? last;
      return last;
    },
    full: () => full,
  };
}

async function isRead(stream: ClientHttp2Stream): Promise<void> {
  await finished(stream, { writable: false }).catch(() => {});
}
