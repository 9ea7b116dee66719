import { dirname } from 'node:path';
import type { GrantedWays } from './granted-ways.ts';
import type { Change, Entry } from './remote-protocol.ts';

/** What nobody in a box could do, so that whoever says that it was done is not believed: why not; undefined: it could have been done. */
export type Impossible = (change: Change, before: Entry | undefined) => string | undefined;

/**
 * Places that a box holds by a mount: where what may be written begins, and the folders around what is guarded in it. They stay what they
 * are. Some file systems take two names for one, so a name that is but for its letters one of a guarded place counts as that.
 */
export function guardedPlaces({
  of,
  guarded,
  tops,
}: Pick<GrantedWays, 'of' | 'guarded' | 'tops'>): Impossible {
  const isWritten = (path: string) => of(path) === 'writable';
  const around = new Set(guarded.flatMap((path) => upwards(dirname(path)).filter(isWritten)));
  const places = Map.groupBy([...guarded, ...around], alike);

  return ({ kind, path }, before) => {
    const top = tops.find((one) => isIn(path, one)) ?? '/';
    const like = upwards(alike(path))
      .flatMap((part) => places.get(part) ?? [])
      .filter((one) => isIn(one, top));
    const [place] = like;
    if (place !== undefined && !like.some((one) => alike(one) === alike(place) && isIn(path, one)))
      return `is in another name for ${JSON.stringify(place)}, which is guarded`;
    if (isWritten(dirname(path)))
      return around.has(path) && kind !== 'folder' ? 'is a folder around something guarded' : undefined;
    if (kind === 'gone' || kind === 'link' || (before !== undefined && before.kind !== kind))
      return 'is where what was granted begins';
    return undefined;
  };
}

/** As a file system reads it that knows no capitals (APFS, NTFS), one form of a letter (APFS), and no marks that nobody sees (HFS+). */
function alike(path: string): string {
  return path.replace(UNSEEN, '').normalize('NFKD').toLowerCase();
}

const UNSEEN = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function upwards(path: string): readonly string[] {
  const parts: string[] = [];
  for (let part = path; part !== '/' && part !== '.'; part = dirname(part)) parts.push(part);
  return parts;
}
