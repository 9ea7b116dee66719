import { rcompare } from 'semver';

/** Versions of workers that a run keeps until it ends, by id: where it uses several of one worker all of them, the newest first. */
export type KeptVersions = Readonly<Record<string, string | readonly string[]>>;

/** Of pairs of id and version; one that comes more than once is kept once. */
export function keptVersions(pairs: Iterable<readonly [id: string, version: string]>): KeptVersions {
  const byId = new Map<string, Set<string>>();
  for (const [id, version] of pairs) byId.set(id, (byId.get(id) ?? new Set()).add(version));
  return Object.fromEntries(
    [...byId].map(([id, versions]) => {
      const [first = '', ...others] = [...versions].sort(rcompare);
      return [id, others.length === 0 ? first : [first, ...others]];
    }),
  );
}

export function versionPairs(kept: KeptVersions): readonly (readonly [id: string, version: string])[] {
  return Object.entries(kept).flatMap(([id, versions]) =>
    [versions].flat().map((version) => [id, version] as const),
  );
}
