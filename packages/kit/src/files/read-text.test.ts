import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hashFile } from './hash-file.ts';
import { decodeText, readBytes, readText } from './read-text.ts';
import { tempDir } from './temp-dir.ts';

async function folder(): Promise<string> {
  const temporary = await tempDir('kit read');
  onTestFinished(() => temporary.remove());
  return temporary.path;
}

function offsetOf(bytes: Uint8Array): unknown {
  try {
    decodeText(bytes, 'bytes');
    return undefined;
  } catch (error) {
    return (error as { details: { offset: number } }).details.offset;
  }
}

describe('readText', () => {
  test('gives the text as it is, byte order mark and all', async () => {
    const path = join(await folder(), 'ä b\n.txt');
    await writeFile(path, '\ufeffgrüß\r\n');
    expect(await readText(path)).toBe('\ufeffgrüß\r\n');
  });

  test('reports the offset of the first invalid sequence [FND-30]', () => {
    expect(offsetOf(Buffer.from([0x61, 0xff, 0x62]))).toBe(1);
    expect(offsetOf(Buffer.from([0x61, 0xe2, 0x28, 0xa1]))).toBe(1);
    expect(offsetOf(Buffer.from([0x61, 0x62, 0xf0, 0x9f, 0x98]))).toBe(2);
    expect(offsetOf(Buffer.from([0xc3, 0xa9, 0x80]))).toBe(2);
    expect(offsetOf(Buffer.from([0x80]))).toBe(0);
    expect(offsetOf(Buffer.from([0xed, 0xa0, 0x80]))).toBe(0);
    expect(offsetOf(Buffer.from('é€😀'))).toBeUndefined();
  });

  test('whatever valid text stands before a stray byte, its offset is the length of that text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (before, after) => {
        const head = Buffer.from(before);
        expect(offsetOf(Buffer.concat([head, Buffer.from([0xff]), Buffer.from(after)]))).toBe(head.length);
      }),
    );
  });

  test('refuses more than the limit, 64 MiB by default, and names the stream [FND-30]', async () => {
    const path = join(await folder(), 'huge');
    await writeFile(path, '');
    await truncate(path, 64 * 1024 * 1024 + 1);
    await expect(readText(path)).rejects.toMatchObject({
      code: 'too_large',
      hint: expect.stringContaining('createReadStream'),
    });
    await expect(readBytes(path, { limit: 10 })).rejects.toMatchObject({ code: 'too_large' });
    // A hash needs no memory for it.
    expect(await hashFile(path)).toHaveLength(64);
  });

  test('reads files whose size the system does not tell', async () => {
    expect(await readText('/proc/self/comm')).not.toBe('');
  });

  test('a missing file is answered with the nearest name beside it', async () => {
    const at = await folder();
    await writeFile(join(at, 'package.json'), '{}');
    await expect(readText(join(at, 'pakcage.json'))).rejects.toMatchObject({
      code: 'not_found',
      hint: 'did you mean package.json?',
    });
    await expect(readText(join(at, 'other'))).rejects.toMatchObject({ code: 'not_found', hint: undefined });
    await mkdir(join(at, 'folder'));
    await expect(readText(join(at, 'folder'))).rejects.toMatchObject({ code: 'invalid_value' });
  });

  test('a hash that is cancelled says so', async () => {
    await expect(hashFile('/dev/zero', { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});
