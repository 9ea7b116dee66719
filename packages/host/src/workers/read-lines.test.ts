import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { readLines } from './read-lines.ts';

async function linesOf(chunks: readonly (string | Buffer)[], maxBytes = 100) {
  const stream = new PassThrough();
  const lines: string[] = [];
  let tooLong = 0;
  readLines(
    stream,
    maxBytes,
    (line) => lines.push(line),
    () => {
      tooLong += 1;
    },
  );
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await finished(stream);
  return { lines, tooLong };
}

describe('reading lines', () => {
  test('however they are cut into pieces', async () => {
    const bytes = Buffer.from('{"a":"é"}\nsecond\n\nthird');
    const single = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect((await linesOf(single)).lines).toEqual(['{"a":"é"}', 'second', 'third']);
    expect((await linesOf([bytes])).lines).toEqual(['{"a":"é"}', 'second', 'third']);
  });

  test('a line that is too long is told once and stops the reading', async () => {
    const { lines, tooLong } = await linesOf(['good\n', 'x'.repeat(60), 'x'.repeat(60), '\nlater\n', 'more']);
    expect(lines).toEqual(['good']);
    expect(tooLong).toBe(1);
  });

  test('a line of exactly the limit is read', async () => {
    expect(await linesOf([`${'x'.repeat(100)}\n`])).toEqual({ lines: ['x'.repeat(100)], tooLong: 0 });
  });
});
