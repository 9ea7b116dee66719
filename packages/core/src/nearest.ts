/** The candidates that were probably meant by a word, nearest first, at most `count`. */
export function nearest(word: string, candidates: Iterable<string>, count = 3): string[] {
  const wanted = word.toLowerCase();
  // A third of the letters may be wrong, and at least one: `pth` is `path`, and `x` is not `y`.
  const tolerance = Math.max(1, Math.floor(wanted.length / 3));
  return [...new Set(candidates)]
    .filter(
      (candidate) =>
        Math.abs(candidate.length - wanted.length) <= tolerance || startsAlike(candidate, wanted),
    )
    .map((candidate) => ({ candidate, distance: rank(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= tolerance && distance < candidate.length)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** The same as a sentence for a person: `did you mean "path" or "paths"?`; undefined when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const near = nearest(word, candidates).map((candidate) => `"${candidate}"`);
  return near.length === 0 ? undefined : `did you mean ${near.join(' or ')}?`;
}

function startsAlike(candidate: string, wanted: string): boolean {
  return wanted.length >= 3 && candidate.toLowerCase().startsWith(wanted);
}

/** A word that was not finished is as near as one wrong letter. */
function rank(wanted: string, candidate: string): number {
  return startsAlike(candidate, wanted) && candidate !== wanted ? 1 : distance(wanted, candidate);
}

/** Letters to add, drop, replace, or swap with their neighbour (optimal string alignment). */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1];
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      current[j] = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[j - 2] ?? Number.POSITIVE_INFINITY) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, previous] = [previous, current];
  }
  return previous[to.length] ?? 0;
}
