/**
 * How much later than due something is begun: between nothing and `mostMs`, spread evenly, and the same in every process
 * for the same schedule and time. FNV-1a with the final mix of MurmurHash3.
 */
export function jitterMs(schedule: string, due: number, mostMs: number): number {
  let hash = 0x811c9dc5;
  for (const character of `${schedule} ${due}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return Math.floor((((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * mostMs);
}
