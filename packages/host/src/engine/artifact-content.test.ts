import { ArtifactReference, valueText } from '@cadre/core/history';
import type { JsonValue } from '@cadre/sdk';
import { expect, test } from 'vitest';
import { artifactContent } from './artifact-content.ts';

/** Every way to cut it into pieces of this length. */
function store(value: JsonValue, length: number) {
  const bytes = Buffer.from(valueText(value));
  return {
    async *open() {
      for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
    },
  };
}

async function read(type: 'text' | 'list' | 'map', value: JsonValue, length: number, loaded?: JsonValue) {
  const pieces: Uint8Array[] = [];
  const load = async () => {
    if (loaded === undefined) throw new Error('nothing has to be loaded');
    return loaded;
  };
  for await (const piece of artifactContent(store(value, length), { digest: 'sha256:x', type }, load)) {
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces).toString();
}

const TEXTS = [
  '',
  'a',
  'é😀\n',
  '\\',
  '\\\\\\',
  'a\\"b',
  '"',
  '\\u00e9',
  '\u0000\u001f\\\u0001"',
  '\\n'.repeat(9),
];

test('a text is its characters, wherever its pieces are cut [WRK-36]', async () => {
  for (const text of TEXTS) {
    for (let length = 1; length <= 12; length += 1) {
      expect(await read('text', text, length), `${JSON.stringify(text)} by ${length}`).toBe(text);
    }
  }
});

test('a list is its JSON, and is not loaded for that', async () => {
  const list = ['a', { $artifacts: 1, b: ['$artifact\\"'] }];
  for (const length of [1, 7, 1000]) expect(await read('list', list, length)).toBe(JSON.stringify(list));
});

test('what is written otherwise than it is read is loaded', async () => {
  const inner = new ArtifactReference(`sha256:${'a'.repeat(64)}`, 300_000, 'text').value;
  for (const length of [1, 7, 1000]) {
    expect(await read('map', { inner }, length, { inner: 'x' })).toBe('{"inner":"x"}');
    const data = { $artifact: 'data' };
    expect(await read('map', data, length, data)).toBe('{"$artifact":"data"}');
  }
});

test('what is not whole is refused', async () => {
  const cut = { digest: 'sha256:x', type: 'text' as const };
  const open = async function* () {
    yield Buffer.from('"abc');
  };
  const all = async () => {
    for await (const piece of artifactContent({ open }, cut, async () => null)) expect(piece).toBeDefined();
  };
  await expect(all()).rejects.toMatchObject({ code: 'artifact_damaged' });
});
