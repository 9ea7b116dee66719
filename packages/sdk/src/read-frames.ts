import type { Readable } from 'node:stream';

/** What a stream of lines is made of, some of which are followed by bytes as they are. */
export interface FrameReader {
  /** A line without its end. Answers how many bytes follow that are no lines; nothing: none. */
  line(text: string): number | undefined;
  /** Some of those bytes; the buffer may be kept. `last`: all of them have come. */
  bytes(chunk: Buffer, last: boolean): void;
  /** A line grew beyond what is held: nothing more is read. */
  tooLong(): void;
  end(): void;
}

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
  const takeRaw = (chunk: Buffer, start: number): number => {
    const taken = Math.min(raw, chunk.length - start);
    raw -= taken;
    reader.bytes(chunk.subarray(start, start + taken), raw === 0);
    return start + taken;
  };
  const takeLine = (chunk: Buffer, start: number): number => {
    const end = chunk.indexOf(0x0a, start);
    const piece = chunk.subarray(start, end < 0 ? chunk.length : end);
    pieces.push(piece);
    held += piece.length;
    if (held > maxBytes) {
      isStopped = true;
      pieces = [];
      reader.tooLong();
    } else if (end >= 0) finish();
    return end < 0 ? chunk.length : end + 1;
  };

  stream.on('data', (chunk: Buffer) => {
    let start = 0;
    while (start < chunk.length && !isStopped)
      start = raw > 0 ? takeRaw(chunk, start) : takeLine(chunk, start);
  });
  stream.on('end', () => {
    if (!isStopped && raw === 0) finish();
    reader.end();
  });
  // A cut stream is an ended one; why it was cut is told by the process.
  stream.on('error', () => {});
}
