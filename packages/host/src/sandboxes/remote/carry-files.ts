import { mkdir, rm } from 'node:fs/promises';
import type { ClientHttp2Stream } from 'node:http2';
import { systemCode } from '@cadre/kit/files';
import { type Failure, failure } from '@cadre/sdk';
import type { CarriedFiles } from '../../ports/sandbox.ts';
import { createByteReader } from './byte-reader.ts';
import { createByteWriter } from './byte-writer.ts';
import type { CarriedTree } from './carried-tree.ts';
import { openContentStore } from './content-store.ts';
import { hearChanges, receiveContents, sayChanges, sendContents, wantedOf } from './exchange-changes.ts';
import { failureThere, heardAnswer } from './heard-answer.ts';
import { tooManyChanges } from './list-tree.ts';
import {
  type Change,
  DoneShape,
  MOST_ENTRY_BYTES,
  MOST_WANTED_BYTES,
  TakeShape,
  WantedShape,
} from './remote-protocol.ts';

export interface Carrying {
  readonly tree: CarriedTree;
  readonly request: (what: 'bring' | 'take') => ClientHttp2Stream;
  readonly lost: () => string | undefined;
  /** Where contents are kept until all of them are there and right; nobody else uses it. */
  readonly spool: string;
  /** What the system has refused the program. */
  readonly full: (full: 'memory' | 'processes' | undefined) => void;
  /** No bytes for so long mean that none will come. */
  readonly silenceMs: number;
  /** Of several that write here each waits for the one before. */
  readonly inTurn: <T>(task: () => Promise<T>) => Promise<T>;
}

/** When the answer of `end` is there, nothing is written here any more. */
export type Carried = CarriedFiles & { end(): Promise<void> };

/** Carries files to a program on another machine and back. Whatever does not fit ends it with a failure, and nothing of it is written. */
export function carryFiles({ tree, request, lost, spool, full, silenceMs, inTurn }: Carrying): Carried {
  let stream: ClientHttp2Stream | undefined;
  let carrying: Promise<unknown> = Promise.resolve();
  let isOver = false;

  function open(what: 'bring' | 'take'): ClientHttp2Stream {
    if (isOver) throw new Error('the program has ended');
    const opened = request(what);
    opened.setTimeout(silenceMs, () => opened.destroy(new Error(SILENT)));
    stream = opened;
    return opened;
  }

  function during(task: () => Promise<Failure | undefined>): Promise<Failure | undefined> {
    const carried = task()
      .catch((error: unknown) => localFault(error) ?? failureThere(error, lost()))
      .finally(() => stream?.destroy());
    carrying = carried;
    return carried;
  }

  return {
    async end() {
      isOver = true;
      stream?.destroy();
      await carrying;
    },
    bring: () =>
      during(async () => {
        const found = await tree.changes();
        if (!found.ok) return found.failure;
        const changes = found.output;
        if (changes.length === 0) return undefined;
        const stream = open('bring');
        const writer = createByteWriter(stream);
        await writer.line({ entries: changes.length });
        const reader = createByteReader(stream);
        await sayAndSend(tree, changes, writer, reader);
        await heardAnswer(reader, DoneShape, MOST_ENTRY_BYTES);
        tree.brought(changes);
        return undefined;
      }),
    take: () =>
      during(async () => {
        const stream = open('take');
        const reader = createByteReader(stream);
        const { entries, full: refused } = await heardAnswer(reader, TakeShape, MOST_ENTRY_BYTES);
        full(refused);
        if (entries > MOST_CHANGES) throw new Error(`more than ${MOST_CHANGES} files`);
        const most = tree.mostChanges();
        if (entries > most) return tooManyChanges(most);
        const changes = await hearChanges(entries, reader, tree.check);
        const problem = await tree.problem(changes);
        if (problem !== undefined) return problem;
        const contents = openContentStore(spool, Number.POSITIVE_INFINITY);
        const wanted = wantedOf(changes, () => false);
        try {
          await mkdir(spool, { recursive: true, mode: 0o700 });
          await createByteWriter(stream).line({ wanted });
          await receiveContents(changes, wanted, reader, () => contents);
          return await inTurn(async () => {
            // Once more, since much may have come meanwhile.
            const late = await tree.problem(changes);
            if (late === undefined) await tree.place(changes, contents.pathOf);
            return late;
          });
        } finally {
          await rm(spool, { recursive: true, force: true, maxRetries: 3 });
        }
      }),
  };
}

/** Said in the place of what did not come. */
export const SILENT = 'it said nothing for too long';

/** Far beyond what any settings let be carried: no worker has made so many. */
const MOST_CHANGES = 10_000_000;

/** What the other side does not know: the list first, then of the contents what it wants. */
export async function sayAndSend(
  tree: CarriedTree,
  changes: readonly Change[],
  writer: ReturnType<typeof createByteWriter>,
  reader: ReturnType<typeof createByteReader>,
): Promise<void> {
  await sayChanges(changes, writer);
  const { wanted } = await heardAnswer(reader, WantedShape, MOST_WANTED_BYTES);
  await sendContents(changes, wanted, writer, tree.top);
}

/** What went wrong on this machine is not put down to the other one. */
function localFault(error: unknown): Failure | undefined {
  const code = systemCode(error);
  if (code === undefined || !(error instanceof Error) || !('syscall' in error)) return undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return failure('disk_full', `what the worker wrote could not be brought back: ${error.message}`, {
      hint: 'make room on the disk, and do it again; some of the files may be here already',
    });
  return failure('not_writable', `what the worker wrote could not be brought back: ${error.message}`, {
    hint: 'see the reason: what it wrote before that is here, the rest is not',
  });
}
