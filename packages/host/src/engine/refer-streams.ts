import { ArtifactReference } from '@cadre/core/history';
import { isStreamHandle, type JsonObject, type JsonValue } from '@cadre/sdk';
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

  function refer(value: JsonValue): JsonValue {
    if (typeof value !== 'object' || value === null) return value;
    if (isStreamHandle(value)) {
      const file = lying.get(value.$stream);
      if (file !== undefined) files.set(file.digest, file);
      return known.get(value.$stream)?.value ?? value;
    }
    if (Array.isArray(value)) return value.map(refer);
    const entries = Object.entries(value as JsonObject);
    return Object.fromEntries(entries.map(([name, inner]) => [name, refer(inner)]));
  }

  return known.size === 0 ? { output, files: [] } : { output: refer(output), files: [...files.values()] };
}
