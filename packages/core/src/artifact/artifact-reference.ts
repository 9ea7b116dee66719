import type { JsonValue } from '@cadre/sdk';

/**
 * Stands in a run for a value that is too large for its journal. It is a class, so that nothing that anybody writes, sends
 * or computes can be one: a map with the same keys is data like any other.
 */
export class ArtifactReference {
  /** `sha256:` and 64 hexadecimal digits: of the value's text. */
  readonly digest: string;
  /** Of its text. */
  readonly bytes: number;
  readonly type: 'text' | 'list' | 'map';
  /** Of a list: its elements. */
  readonly elements: number | undefined;

  constructor(digest: string, bytes: number, type: ArtifactReference['type'], elements?: number) {
    this.digest = digest;
    this.bytes = bytes;
    this.type = type;
    this.elements = elements;
  }

  /** As people see it, and as it is written down; see `event-text.ts`. */
  toJSON(): { readonly [name: string]: JsonValue } {
    const { digest, bytes, type, elements } = this;
    return { $artifact: digest, bytes, type, ...(elements === undefined ? {} : { elements }) };
  }

  /** As a value among values: whoever looks inside asks first whether it is one. */
  get value(): JsonValue {
    return this as unknown as JsonValue;
  }
}
