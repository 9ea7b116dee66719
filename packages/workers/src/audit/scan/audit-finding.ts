import { createHash } from 'node:crypto';
import type { Finding } from '@cadre/sdk';
import type { FindingKind } from '../rule.ts';

/** A finding of any tool, with what baselines and SARIF need besides. */
export interface AuditFinding extends Finding {
  readonly kind: FindingKind;
  /** What is wrong, without particulars. */
  readonly title: string;
  /** The same for the same flaw after lines above it were added or removed. */
  readonly fingerprint: string;
  readonly cwe?: number;
}

/** What a fingerprint is made of; `text` is what stands at the place, without what may move. */
export interface Identity {
  readonly rule: string;
  readonly file: string;
  readonly text: string;
}

/** Of a longer line only this much on either side of the flaw counts, so that minified files have usable ones. */
const CONTEXT = 80;

/**
 * Gives equal flaws on equal lines of one file different fingerprints, in their order: a second leak of a kind that
 * was accepted once is new.
 */
export function fingerprints(): (identity: Identity) => string {
  const seen = new Map<string, number>();
  return ({ rule, file, text }) => {
    const key = [rule, file, text].join('\0');
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return createHash('sha256').update(`${key}\0${count}`).digest('hex').slice(0, 32);
  };
}

/** A line without indentation and with single blanks; of a long one what is around `column` (from 1). */
export function lineIdentity(line: string, column: number): string {
  const near =
    line.length <= 4 * CONTEXT
      ? line
      : line.slice(Math.max(0, column - 1 - CONTEXT), column - 1 + 2 * CONTEXT);
  return near.trim().replace(/\s+/g, ' ');
}
