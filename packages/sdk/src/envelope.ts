import type { JsonObject, JsonValue } from './json.ts';

/** The version of the envelope. It grows when a field changes its meaning or goes. */
export const ENVELOPE_VERSION = 1;

/**
 * Everything that happens, as everybody sees it: on the command line, in a browser, in a log, in a test. All fields are always
 * there, so that filters need not ask; what does not apply is null.
 */
export interface Envelope {
  readonly v: typeof ENVELOPE_VERSION;
  /** `STREAM#NUMBER`: the same whoever reads it, and however often. */
  readonly id: string;
  /** A noun and a past verb: `step.succeeded`. What people and workers emit has the topic that they gave it. */
  readonly topic: string;
  /** What it is an event of: a run (`run_…`), an attempt's partial results (`run_…:STEP:ATTEMPT`), `firing:17`, `emitted`, `audit`. */
  readonly stream: string;
  /** From 1, without gaps within its stream. */
  readonly number: number;
  readonly workspace: string;
  readonly run: string | null;
  /** Path of the step. */
  readonly step: string | null;
  readonly card: string | null;
  readonly conversation: string | null;
  /** Who did it: `user:ann`, `trigger:nightly`. */
  readonly actor: string | null;
  /** ISO 8601, UTC, with milliseconds. */
  readonly time: string;
  /** Trace id (W3C Trace Context) that a run shares with all runs inside it. */
  readonly trace: string | null;
  readonly data: JsonObject;
}

/** What a `step.extended` says: a part of a result before the whole is there, or the one mark at the end of them. */
export type Extension =
  | {
      readonly attempt: number;
      /** From 0. */
      readonly index: number;
      /** Bytes of all pieces before it: of their text, or of their JSON where they are no texts. */
      readonly offset: number;
      readonly piece: JsonValue;
    }
  | {
      readonly attempt: number;
      readonly index: number;
      readonly offset: number;
      readonly end: ExtensionEnd;
    };

/** How the attempt ended that the pieces are of. A step that was interrupted or is tried again has failed in this attempt. */
export type ExtensionEnd = 'succeeded' | 'failed' | 'cancelled';

/** Bytes of a piece of a result, as offsets count them. */
export function sizeOfPiece(piece: JsonValue): number {
  return utf8Length(typeof piece === 'string' ? piece : JSON.stringify(piece));
}

/** Of text in UTF-8; half a character counts as the three bytes of what stands for it. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    bytes += code < 0x800 ? 1 : 2;
    const next = text.charCodeAt(index + 1);
    if (code >= 0xd800 && code < 0xdc00 && next >= 0xdc00 && next < 0xe000) index += 1;
  }
  return bytes;
}
