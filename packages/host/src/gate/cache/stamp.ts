import { lstatSync, type Stats, statSync } from 'node:fs';

/** Changes whenever the file does: the system sets the time of change, and no program can set it back. */
export function stampOf({ size, mtimeMs, ctimeMs, ino, mode }: Stats): string {
  return `${size} ${mtimeMs} ${ctimeMs} ${ino} ${mode}`;
}

/** Of what stands there itself, a link not followed; undefined when there is nothing. */
export function stampAt(path: string): string | undefined {
  const found = look(() => lstatSync(path, { throwIfNoEntry: false }));
  return found === undefined ? undefined : stampOf(found);
}

/** Of what a name leads to. */
export function stampBehind(path: string): string | undefined {
  const found = look(() => statSync(path, { throwIfNoEntry: false }));
  return found === undefined ? undefined : stampOf(found);
}

/** What may not be looked at is as good as absent: whoever works for us may not look at it either. */
export function look<T>(question: () => T | undefined): T | undefined {
  try {
    return question();
  } catch {
    return undefined;
  }
}
