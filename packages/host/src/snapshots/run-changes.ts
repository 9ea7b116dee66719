import type { FileChange } from '../ports/snapshots.ts';
import { type Entry, isKept, isSame, type Version } from './entry.ts';

/** From the look before a step until the one after it. */
export interface Window {
  readonly run: string;
  readonly step: string;
  readonly began: number;
  /** Absent while the step is being performed. */
  readonly ended?: number;
  /** Its process died: when it is known to have lived, milliseconds since 1970. */
  readonly lastAlive?: number;
}

/** How long after its last sign of life a process may have gone on. */
const GRACE_MS = 1_500;

export interface PathChange extends FileChange {
  readonly before?: Version;
  readonly after?: Version;
  readonly now?: Version;
}

/**
 * What a run changed at one path, from the versions of that path and the run's windows, both in the order of the looks.
 * What differs between two looks with a window of the run around them is its doing; anything else is somebody else's.
 * Undefined when the run left it as it found it.
 */
export function changeOfPath(
  path: string,
  versions: readonly Version[],
  windows: readonly Window[],
): PathChange | undefined {
  const looks = [...new Set(versions.flatMap(({ began, ended = 0 }) => [began, ended]))].filter((n) => n > 0);
  let own: { before: Version | undefined; after: Version | undefined } | undefined;
  let isMixed = false;
  const steps = new Set<string>();
  for (const number of looks.sort((a, b) => a - b)) {
    const around = windows.filter(({ began, ended = Number.POSITIVE_INFINITY }) => {
      return began < number && number <= ended;
    });
    if (around.length === 0) continue;
    const before = versionAt(versions, number - 1);
    const after = versionAt(versions, number);
    // Somebody wrote between two steps, and the later step wrote over it.
    if (own !== undefined && !isSame(own.after, before)) isMixed = true;
    if (around.every((window) => isAfterDeath(window, number, after))) isMixed = true;
    own = { before: own === undefined ? before : own.before, after };
    for (const { step } of around) steps.add(step);
  }
  if (own === undefined || isSame(own.before, own.after)) return undefined;
  const { before, after } = own;
  const now = versions.find(({ ended }) => ended === undefined);
  return {
    path,
    change: before === undefined ? 'created' : after === undefined ? 'deleted' : 'modified',
    kind: (before ?? after ?? { kind: 'file' as const }).kind,
    steps: [...steps],
    standing: standingOf({ before, after, now, isMixed }),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(now === undefined ? {} : { now }),
  };
}

/** Seen at the look that found the process dead, and written when it was: perhaps by a person. */
function isAfterDeath({ ended, lastAlive }: Window, number: number, after: Version | undefined): boolean {
  return (
    lastAlive !== undefined && number === ended && after !== undefined && after.changed > lastAlive + GRACE_MS
  );
}

function versionAt(versions: readonly Version[], number: number): Version | undefined {
  return versions.find(({ began, ended = Number.POSITIVE_INFINITY }) => began <= number && number < ended);
}

function standingOf(known: {
  before: Entry | undefined;
  after: Entry | undefined;
  now: Entry | undefined;
  isMixed: boolean;
}): FileChange['standing'] {
  const { before, after, now, isMixed } = known;
  if (isSame(now, before)) return 'as_before';
  if (isMixed || !isSame(now, after)) return 'changed_meanwhile';
  return before !== undefined && !isKept(before) ? 'not_kept' : 'restorable';
}
