import type { Readable } from 'node:stream';

/** What a stream of lines is made of, some of which are followed by bytes as they are. */
export interface FrameReader {
  /** A line without its end. Answers how many bytes follow that are no lines; nothing: none. */
  line(text: string): number | undefined;
  /**
   * Some of those bytes. They may be kept; who does not need them any more says so by calling `done`, and from then on they are
   * gone: garbage of buffers is collected late, by tens of megabytes.
   */
  bytes(chunk: Buffer, done: () => void): void;
  /** A line grew beyond what is held: nothing more is read. */
  tooLong(): void;
  end(): void;
}

/** A line that comes byte by byte would hold a hundred times its size in pieces. */
const MOST_PIECES = 1_000;

/** Reads lines and the bytes between them. A line that grows beyond `maxBytes` is not held; bytes never are. */
export function readFrames(stream: Readable, maxBytes: number, reader: FrameReader): void {
  let pieces: Buffer[] = [];
  let held = 0;
  let raw = 0;
  let isStopped = false;

  const finish = () => {
    const line = Buffer.concat(pieces).toString('utf8').replace(/\r$/, '');
    pieces = [];
    held = 0;
    if (line !== '') raw = reader.line(line) ?? 0;
  };
  const takeRaw = (chunk: Buffer, start: number, use: Use): number => {
    const taken = Math.min(raw, chunk.length - start);
    raw -= taken;
    reader.bytes(chunk.subarray(start, start + taken), use());
    return start + taken;
  };
  const takeLine = (chunk: Buffer, start: number): number => {
    const end = chunk.indexOf(0x0a, start);
    // Copied, since the rest of it may come long after this buffer is gone.
    const piece = Buffer.from(chunk.subarray(start, end < 0 ? chunk.length : end));
    pieces.push(piece);
    if (pieces.length === MOST_PIECES) pieces = [Buffer.concat(pieces)];
    held += piece.length;
    if (held > maxBytes) {
      isStopped = true;
      pieces = [];
      reader.tooLong();
    } else if (end >= 0) finish();
    return end < 0 ? chunk.length : end + 1;
  };

  stream.on('data', (chunk: Buffer) => {
    const { use, release } = usesOf(chunk);
    let start = 0;
    while (start < chunk.length && !isStopped) {
      start = raw > 0 ? takeRaw(chunk, start, use) : takeLine(chunk, start);
    }
    release();
  });
  stream.on('end', () => {
    if (!isStopped && raw === 0) finish();
    reader.end();
  });
  // A cut stream is an ended one; why it was cut is told by the process.
  stream.on('error', () => {});
}

/** One more user of a buffer; answers what it calls when it is done. */
type Use = () => () => void;

/** Gives the memory of a buffer back when its last user is done, unless something else lies in it too. */
function usesOf(chunk: Buffer): { readonly use: Use; readonly release: () => void } {
  const { buffer } = chunk;
  let users = 1;
  const release = () => {
    users -= 1;
    if (users === 0 && buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length)
      buffer.transfer(0);
  };
  return {
    use() {
      users += 1;
      let isDone = false;
      return () => {
        if (!isDone) release();
        isDone = true;
      };
    },
    release,
  };
}
