/** What stands at a path: a file with its content, a link with its target, a folder. */
export interface Entry {
  readonly kind: 'file' | 'link' | 'folder';
  /** Permission bits. */
  readonly mode: number;
  /** SHA-256 of the content or of the link's target; of what is not kept `~` and what it looked like; of folders empty. */
  readonly digest: string;
}

/** An entry as it stood from one look at the workspace until another. */
export interface Version extends Entry {
  readonly path: string;
  /** Number of the look that saw it first. */
  readonly began: number;
  /** Number of the look that did not see it any more; absent: it is there now. */
  readonly ended?: number;
  /** Changes whenever the file does; empty: it may have changed without this showing it, so its content decides. */
  readonly signature: string;
  /** When the system last noted a change of it, milliseconds since 1970. */
  readonly changed: number;
}

const UNKEPT = '~';

export function isKept({ digest }: Entry): boolean {
  return !digest.startsWith(UNKEPT);
}

/** In place of a digest for what is not read: size and time tell versions apart. */
export function unkeptDigest(size: number, mtimeMs: number): string {
  return `${UNKEPT}${size} ${mtimeMs}`;
}

export function isSame(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.kind === b.kind && a.mode === b.mode && a.digest === b.digest;
}
