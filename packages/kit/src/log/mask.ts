/** What stands where a secret stood. */
export const MASKED = '***';

/** Shorter values would blot out parts of ordinary words. */
const SHORTEST_SECRET = 4;

/** Replaces the values, longest first, and whatever fits the patterns. */
export function createMask(options: {
  readonly values?: readonly string[];
  readonly patterns?: readonly RegExp[];
}): (text: string) => string {
  const values = (options.values ?? [])
    .filter((value) => value.length >= SHORTEST_SECRET)
    .toSorted((a, b) => b.length - a.length);
  const patterns = (options.patterns ?? []).map(
    (pattern) => new RegExp(pattern, `${pattern.flags.replace('g', '')}g`),
  );
  return (text) => {
    const known = values.reduce((masked, value) => masked.replaceAll(value, MASKED), text);
    return patterns.reduce((masked, pattern) => masked.replace(pattern, MASKED), known);
  };
}
