import { StringDecoder } from 'node:string_decoder';
import { CadreError } from '@cadre/core/errors';
import { isMarked } from '@cadre/core/history';
import type { JsonValue } from '@cadre/sdk';
import type { ArtifactFacts, ArtifactStore } from '../ports/artifacts.ts';

/**
 * An artifact as people and programs want it, in pieces: of a text its characters, of a list or a map its JSON, of bytes they
 * themselves. References in it, and data that looks like some, are written otherwise than they are read: only then it is
 * loaded. Throws `artifact_missing` and `artifact_damaged`.
 */
export async function* artifactContent(
  store: Pick<ArtifactStore, 'open'>,
  { digest, type }: Pick<ArtifactFacts, 'digest' | 'type'>,
  load: () => Promise<JsonValue>,
): AsyncGenerator<Uint8Array> {
  if (type === 'text') yield* unquoted(store.open(digest), digest);
  else if (type !== 'bytes' && (await anyMarked(store.open(digest)))) {
    yield Buffer.from(JSON.stringify(await load()));
  } else yield* store.open(digest);
}

/** More than a mark is long, since one may lie where pieces meet. */
const OVERLAP = 64;

async function anyMarked(pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
  let before = '';
  for await (const piece of pieces) {
    const seen = before + Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1');
    if (isMarked(seen)) return true;
    before = seen.slice(-OVERLAP);
  }
  return false;
}

const QUOTE = 0x22;

/** The characters of a text that is written in JSON. */
async function* unquoted(pieces: AsyncIterable<Uint8Array>, digest: string): AsyncGenerator<Uint8Array> {
  const decoder = new StringDecoder('utf8');
  let isFirst = true;
  let held = '';
  for await (const piece of pieces) {
    if (isFirst && piece[0] !== QUOTE) throw noText(digest);
    const text =
      held + decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length)).slice(isFirst ? 1 : 0);
    isFirst = false;
    // The last character may be the quote at the end.
    const end = wholeLength(text, text.length - 1);
    held = text.slice(end);
    if (end > 0) yield Buffer.from(JSON.parse(`"${text.slice(0, end)}"`) as string);
  }
  if (held + decoder.end() !== '"') throw noText(digest);
}

/** How much of it, up to a length, ends with a whole character, also of those that are written as `\n` or `\u00e9`. */
function wholeLength(text: string, most: number): number {
  const length = isHighSurrogate(text.charCodeAt(most - 1)) ? most - 1 : most;
  const last = text.lastIndexOf('\\', length - 1);
  if (last < Math.max(0, length - 6)) return Math.max(0, length);
  let first = last;
  while (first > 0 && text[first - 1] === '\\') first -= 1;
  // The second of two stands for one.
  if ((last - first) % 2 === 1) return length;
  const size = text[last + 1] === 'u' ? 6 : 2;
  return last + size <= length ? length : last;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function noText(digest: string): CadreError {
  return new CadreError('artifact_damaged', `the artifact ${digest} is not the text that it is said to be`);
}
