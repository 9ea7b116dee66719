import { readdirSync, utimesSync } from 'node:fs';
import { contentVersion } from '@cadre/kit/files';
import { expect, test } from 'vitest';
import { emptyFolder } from '../../../test/cli-place.ts';
import { openContentStore } from './content-store.ts';

async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}
const hashOf = (text: string) => contentVersion(Buffer.from(text));

test('[WRK-19] what is not what was said is not kept, nor any part of it', async () => {
  const folder = emptyFolder();
  const store = openContentStore(folder, 1_000);
  await expect(store.put(hashOf('good'), pieces('ev', 'il'))).rejects.toThrow('another content');
  expect(store.has(hashOf('good'))).toBe(false);
  expect(readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())).toEqual(
    [],
  );
  await store.put(hashOf('good'), pieces('go', 'od'));
  expect(store.has(hashOf('good'))).toBe(true);
});

test('[WRK-19] what was not used for longest goes first when there is too much', async () => {
  const store = openContentStore(emptyFolder(), 10);
  for (const [at, text] of ['aaaa', 'bbbb', 'cccc'].entries()) {
    await store.put(hashOf(text), pieces(text));
    utimesSync(store.pathOf(hashOf(text)), at + 1, at + 1);
  }
  await store.touch(hashOf('aaaa'));
  await store.trim();
  expect(['aaaa', 'bbbb', 'cccc'].map((text) => store.has(hashOf(text)))).toEqual([true, false, true]);
});
