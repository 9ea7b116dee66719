import type { Readable } from 'node:stream';

/** A line that comes byte by byte would hold a hundred times its size in pieces. */
const MOST_PIECES = 1_000;

/**
 * Hands over each line of a stream without its end. A line that grows beyond `maxBytes` is not held: `onTooLong` is
 * called once and nothing more is read.
 */
export function readLines(
  stream: Readable,
  maxBytes: number,
  onLine: (line: string) => void,
  onTooLong: () => void,
): void {
  let pieces: Buffer[] = [];
  let held = 0;
  let isStopped = false;
  const finish = () => {
    const line = Buffer.concat(pieces).toString('utf8');
    pieces = [];
    held = 0;
    if (line !== '') onLine(line);
  };
  const keep = (piece: Buffer) => {
    pieces.push(piece);
    if (pieces.length === MOST_PIECES) pieces = [Buffer.concat(pieces)];
    held += piece.length;
    if (held <= maxBytes) return;
    isStopped = true;
    pieces = [];
    onTooLong();
  };
  stream.on('data', (chunk: Buffer) => {
    for (let start = 0; start < chunk.length && !isStopped; ) {
      const end = chunk.indexOf(0x0a, start);
      keep(chunk.subarray(start, end < 0 ? chunk.length : end));
      if (end >= 0 && !isStopped) finish();
      start = end < 0 ? chunk.length : end + 1;
    }
  });
  stream.on('end', () => {
    if (!isStopped) finish();
  });
  // A cut stream is an ended one; why it was cut is told by the process.
  stream.on('error', () => {});
}
