import { createHash } from 'node:crypto';
import type { Artifacts } from '@cadre/core/advance';
import { CadreError } from '@cadre/core/errors';
import {
  ArtifactReference,
  ArtifactsNeeded,
  isCadreError,
  loadArtifacts,
  parseValue,
  referencesIn,
  valueText,
} from '@cadre/core/history';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { ArtifactStore, ArtifactUse, NewArtifact, NewFile } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { OpenBytes } from '../ports/gate.ts';
import { artifactContent } from './artifact-content.ts';
import { largestSize } from './largest-size.ts';

/** A larger value goes to the artifacts by itself. */
export const INLINE_BYTES = 256 * 1024;

/** What one decision may load: it holds all of it at once. */
const MOST_DECIDED_BYTES = 64 * 1024 * 1024;

/** What one action may be given. */
const MOST_GIVEN_BYTES = 256 * 1024 * 1024;

/** What is kept loaded for the next decision, of all runs together. */
const REMEMBERED_BYTES = 64 * 1024 * 1024;

/** Whose values they are. */
export interface ValueOwner {
  readonly id: string;
  readonly mode: 'apply' | 'plan';
}

export interface LargeValues {
  /** Whether it goes into a journal as it is, by a look that costs little: of others `keep` finds out. */
  isSmall(value: JsonValue): boolean;
  /** What goes into a run's journal: large parts of it are references, and are kept before this answers. */
  keep(owner: ValueOwner, value: JsonValue): Promise<JsonValue>;
  /** The same for a map that stays one. */
  keepEntries(owner: ValueOwner, values: JsonObject): Promise<JsonObject>;
  /** From now on the run names whatever references stand in the values, whoever made them. */
  adopt(owner: ValueOwner, ...values: readonly unknown[]): Promise<void>;
  /** The value with all references loaded; those of bytes, for which it has handles, are then in `streams`. Throws `artifact_missing`, `artifact_damaged`, `too_large`. */
  load(value: JsonValue, streams?: ArtifactReference[]): Promise<JsonValue>;
  /** What a file of it is made of, without loading more of it than has to be changed. */
  content(reference: ArtifactReference): OpenBytes;
  /** Keeps the bytes that a result is about to name. */
  putFiles(owner: ValueOwner, files: readonly NewFile[]): Promise<void>;
  /** For the decisions of one run. */
  open(owner: ValueOwner): RunValues;
}

/** What the decisions of one run read and make. */
export interface RunValues {
  readonly artifacts: Artifacts;
  /** For a decision that has thrown this: makes it one that does not throw it again. Any other error is thrown. */
  loadFor(error: unknown): Promise<void>;
  /** What was decided may be appended. Undefined: there is nothing to write. */
  write(): Promise<void> | undefined;
  /** A decision is made anew, or was appended: what it had is let go. */
  forget(): void;
}

/**
 * Invariants
 * 1. A value is durable before the event that names it is appended; the run stands among those that use it.
 * 2. What is loaded is bounded: 64 MiB for a decision, 256 MiB for an action, and 64 MiB that are remembered.
 * 3. Bytes are never loaded: what stands for them in a value is their handle.
 * 4. A value that cannot be loaded is the reason why a step fails, and never why a process does.
 */
export function createLargeValues(store: ArtifactStore, clock: Pick<Clock, 'now'>): LargeValues {
  const remembered = new Map<string, JsonValue>();
  const sizes = new Map<string, number>();
  let held = 0;

  const useBy = ({ id, mode }: ValueOwner): ArtifactUse => ({
    run: id,
    class: mode === 'plan' ? 'temporary' : 'standard',
    at: clock.now(),
  });

  function remember({ digest, bytes }: ArtifactReference, value: JsonValue): void {
    if (bytes > REMEMBERED_BYTES) return;
    remembered.delete(digest);
    remembered.set(digest, value);
    if (!sizes.has(digest)) held += bytes;
    sizes.set(digest, bytes);
    for (const oldest of remembered.keys()) {
      if (held <= REMEMBERED_BYTES) return;
      remembered.delete(oldest);
      held -= sizes.get(oldest) ?? 0;
      sizes.delete(oldest);
    }
  }

  async function read(reference: ArtifactReference): Promise<JsonValue> {
    const known = remembered.get(reference.digest);
    const value = known ?? (parseValue(await store.read(reference.digest)) as JsonValue);
    remember(reference, value);
    return value;
  }

  async function load(value: JsonValue, streams: ArtifactReference[] = []): Promise<JsonValue> {
    const find = (reference: ArtifactReference) => {
      const { digest, stream } = reference;
      if (stream !== undefined) streams.push(reference);
      return stream ?? found.get(digest);
    };
    const found = new Map<string, JsonValue>();
    let bytes = 0;
    for (;;) {
      try {
        return loadArtifacts(value, find);
      } catch (error) {
        if (!(error instanceof ArtifactsNeeded)) throw error;
        for (const reference of error.references) {
          if (found.has(reference.digest)) continue;
          bytes += reference.bytes;
          if (bytes > MOST_GIVEN_BYTES) throw tooLarge(bytes, MOST_GIVEN_BYTES, 'given to one action');
          found.set(reference.digest, await read(reference));
        }
      }
    }
  }

  async function keep(owner: ValueOwner, made: readonly NewArtifact[]): Promise<void> {
    if (made.length > 0) await store.put(made, useBy(owner));
  }

  async function adopt(owner: ValueOwner, ...values: readonly unknown[]): Promise<void> {
    const digests = new Set(values.flatMap(referencesIn).map(({ digest }) => digest));
    if (digests.size > 0) await store.use([...digests], useBy(owner));
  }

  return {
    isSmall,
    load,
    adopt,
    async keep(owner, value) {
      const made: NewArtifact[] = [];
      const kept = withoutLarge(value, made);
      await keep(owner, made);
      return kept;
    },
    content: (reference) => () => artifactContent(store, reference, () => load(reference.value)),
    async putFiles(owner, files) {
      for (const file of files) await store.putFile(file, useBy(owner));
    },
    async keepEntries(owner, values) {
      const made: NewArtifact[] = [];
      const entries = Object.entries(values).map(([name, value]) => [name, withoutLarge(value, made)]);
      if (made.length === 0) return values;
      await keep(owner, made);
      return Object.fromEntries(entries);
    },
    open(owner) {
      let made: NewArtifact[] = [];
      let loaded: Map<string, JsonValue | CadreError> | undefined;
      let bytes = 0;

      async function loadOne(reference: ArtifactReference): Promise<JsonValue | CadreError> {
        bytes += reference.bytes;
        if (bytes > MOST_DECIDED_BYTES)
          return tooLarge(bytes, MOST_DECIDED_BYTES, 'read by expressions at once');
        try {
          return await read(reference);
        } catch (error) {
          // Invariant 4. A store that cannot be asked now is another matter.
          if (isCadreError(error) && error.code.startsWith('artifact_')) return error;
          throw error;
        }
      }

      return {
        artifacts: {
          find({ digest, stream }) {
            if (stream !== undefined) return stream;
            const found = loaded?.get(digest);
            if (isCadreError(found)) throw found;
            return found;
          },
          keep: (value) => withoutLarge(value, made),
        },
        async loadFor(error) {
          if (!(error instanceof ArtifactsNeeded)) throw error;
          made = [];
          loaded ??= new Map();
          for (const reference of error.references) {
            if (!loaded.has(reference.digest)) loaded.set(reference.digest, await loadOne(reference));
          }
        },
        write() {
          if (made.length === 0) return undefined;
          return keep(owner, made);
        },
        forget() {
          if (made.length > 0) made = [];
          if (loaded === undefined) return;
          loaded = undefined;
          bytes = 0;
        },
      };
    },
  };
}

function isSmall(value: JsonValue): boolean {
  return largestSize(value, INLINE_BYTES) <= INLINE_BYTES;
}

/** The value, when it is small; else it, or large values in it, as references to what is then in `made`. */
function withoutLarge(value: JsonValue, made: NewArtifact[]): JsonValue {
  if (isSmall(value)) return value;
  const parts: NewArtifact[] = [];
  const divided = isMap(value) ? divide(value, parts) : value;
  if (divided !== value && isSmall(divided)) {
    made.push(...parts);
    return divided;
  }
  const text = valueText(value);
  const bytes = Buffer.byteLength(text);
  if (bytes <= INLINE_BYTES) return value;
  const artifact = artifactOf(value, text, bytes);
  made.push(artifact);
  return new ArtifactReference(artifact.digest, bytes, artifact.type, artifact.elements).value;
}

/** A map whose large entries are references can still be read without loading them. */
function divide(value: JsonObject, made: NewArtifact[]): JsonObject {
  const entries = Object.entries(value).map(([name, inner]) => [name, withoutLarge(inner, made)]);
  return made.length === 0 ? value : Object.fromEntries(entries);
}

function isMap(value: JsonValue): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof ArtifactReference)
  );
}

function artifactOf(value: JsonValue, text: string, bytes: number): NewArtifact {
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const parts = [...new Set(referencesIn(value).map((reference) => reference.digest))];
  const about = { digest, bytes, text, parts };
  if (Array.isArray(value)) return { ...about, type: 'list', elements: value.length };
  return { ...about, type: typeof value === 'string' ? 'text' : 'map' };
}

function tooLarge(bytes: number, most: number, how: string): CadreError {
  const mib = (count: number) => Math.ceil(count / 1024 ** 2);
  const message = `values of ${mib(bytes)} MiB and more would be ${how}; at most ${mib(most)} MiB are`;
  return new CadreError('too_large', message, {
    hint: 'pass the value on whole, as ${{ steps.ID.output }}, and let an action read it; or make it smaller where it is made',
  });
}
