import type { JsonValue, StreamHandle } from '@cadre/sdk';

/**
 * Stands in a run for a value that is too large for its journal, or for bytes, which are no value at all. It is a class, so that nothing that anybody writes, sends
 * or computes can be one: a map with the same keys is data like any other.
 */
export class ArtifactReference {
  /** `sha256:` and 64 hexadecimal digits: of the value's text, or of the bytes. */
  readonly digest: string;
  /** How many: of its text, or they themselves. */
  readonly bytes: number;
  readonly type: 'text' | 'list' | 'map' | 'bytes';
  /** Of a list: its elements. */
  readonly elements: number | undefined;
  /** Of bytes: what they are. */
  readonly contentType: string | undefined;

  constructor(
    digest: string,
    bytes: number,
    type: ArtifactReference['type'],
    elements?: number,
    contentType?: string,
  ) {
    this.digest = digest;
    this.bytes = bytes;
    this.type = type;
    this.elements = elements;
    this.contentType = contentType;
  }

  /** As people see it, and as it is written down; see `event-text.ts`. */
  toJSON(): { readonly [name: string]: JsonValue } {
    const { digest, bytes, type, elements, contentType } = this;
    return {
      $artifact: digest,
      bytes,
      type,
      ...(elements === undefined ? {} : { elements }),
      ...(contentType === undefined ? {} : { contentType }),
    };
  }

  /** Of bytes: what an action and an expression are given, with nothing loaded. */
  get stream(): (StreamHandle & { readonly [name: string]: JsonValue }) | undefined {
    const { digest, bytes: size, type, contentType = 'application/octet-stream' } = this;
    if (type !== 'bytes') return undefined;
    return { $stream: digest, contentType, size, sha256: digest.slice(digest.indexOf(':') + 1) };
  }

  /** As a value among values: whoever looks inside asks first whether it is one. */
  get value(): JsonValue {
    return this as unknown as JsonValue;
  }
}
