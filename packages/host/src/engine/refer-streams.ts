import { ArtifactReference, referHandles } from '@cadre/core/history';
import type { JsonValue } from '@cadre/sdk';
import type { NewFile } from '../ports/artifacts.ts';
import type { WrittenStream } from '../ports/gate.ts';

/**
 * A result with references in place of the handles of streams: of those that were written for it, and of those that were given
 * for it. `files`: what has to be kept before it may be told. A handle that nobody knows is data like any other.
 */
export function referStreams(
  output: JsonValue,
  written: readonly WrittenStream[],
  given: readonly ArtifactReference[],
): { readonly output: JsonValue; readonly files: readonly NewFile[] } {
  const known = new Map<string, ArtifactReference>(given.map((reference) => [reference.digest, reference]));
  const lying = new Map<string, NewFile>();
  for (const { handle, path } of written) {
    const { $stream, sha256, size, contentType } = handle;
    const digest = `sha256:${sha256}`;
    known.set($stream, new ArtifactReference(digest, size, 'bytes', undefined, contentType));
    lying.set($stream, { digest, bytes: size, contentType, path });
  }
  const files = new Map<string, NewFile>();

  const find = (handle: string) => {
    const file = lying.get(handle);
    if (file !== undefined) files.set(file.digest, file);
    return known.get(handle);
  };
  return known.size === 0
    ? { output, files: [] }
    : { output: referHandles(output, find), files: [...files.values()] };
}
