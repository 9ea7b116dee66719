/** Element types of arrays, by their numbers in PostgreSQL. */
const TEXT = 25;
const INT8 = 20;
const HEADER_BYTES = 20;
const NULL = -1;

/**
 * Arrays as PostgreSQL reads them without parsing. As text each element would be quoted and escaped here and undone there,
 * which was a quarter of what a run cost this process, and most of its garbage.
 */
export function textArray(texts: readonly (string | null)[]): Buffer {
  const lengths = texts.map((text) => (text === null ? NULL : Buffer.byteLength(text)));
  const bytes = lengths.reduce((sum, length) => sum + 4 + Math.max(0, length), 0);
  const buffer = header(TEXT, texts.length, bytes, texts.includes(null));
  let at = HEADER_BYTES;
  texts.forEach((text, index) => {
    at = buffer.writeInt32BE(lengths[index] as number, at);
    if (text !== null) at += buffer.write(text, at);
  });
  return buffer;
}

export function bigintArray(numbers: readonly (number | null)[]): Buffer {
  const bytes = numbers.reduce<number>((sum, number) => sum + (number === null ? 4 : 12), 0);
  const buffer = header(INT8, numbers.length, bytes, numbers.includes(null));
  let at = HEADER_BYTES;
  for (const number of numbers) {
    at = buffer.writeInt32BE(number === null ? NULL : 8, at);
    if (number === null) continue;
    at = buffer.writeInt32BE(Math.floor(number / 2 ** 32), at);
    at = buffer.writeUInt32BE(((number % 2 ** 32) + 2 ** 32) % 2 ** 32, at);
  }
  return buffer;
}

/** Number of dimensions, whether there are nulls, type of the elements, how many, and the number of the first. */
function header(type: number, count: number, bytes: number, nulls: boolean): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + bytes);
  [1, nulls ? 1 : 0, type, count, 1].reduce((at, number) => buffer.writeInt32BE(number, at), 0);
  return buffer;
}
