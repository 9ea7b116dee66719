import type { Finding } from '@cadre/sdk';

/** What the built-in checks find, and how to put it right where that is certain. */
export interface Problem {
  readonly rule: string;
  readonly severity: Finding['severity'];
  readonly line: number;
  readonly column?: number;
  readonly message: string;
  readonly fix?: string;
  readonly edit?: Edit;
}

/** Replaces the characters from `start` up to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Edits of one text that do not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const last = edits.toSorted((a, b) => b.start - a.start);
  return last.reduce(
    (done, { start, end, text: inserted }) => done.slice(0, start) + inserted + done.slice(end),
    text,
  );
}

/** From 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Whether a name occurs as a whole word, be it in code, in a text or in a comment. */
export function mentions(text: string, name: string): boolean {
  const escaped = name.replace(/\$/g, '\\$&');
  return new RegExp(`(?<![\\p{ID_Continue}$])${escaped}(?![\\p{ID_Continue}$])`, 'u').test(text);
}
