/** How full a place is with shards of a class. */
export interface Filled {
  readonly class: string;
  readonly place: string;
  readonly room: number;
  readonly shards: number;
}

/** Gives one shard after the other to the place that has the fewest for its room; undefined: nobody does the class. */
export function leastOf(places: readonly Filled[]): (className: string) => string | undefined {
  const all = places.map((place) => ({ ...place }));
  return (className) => {
    const [first, ...others] = all.filter((place) => place.class === className && place.room > 0);
    if (first === undefined) return undefined;
    const least = others.reduce((best, each) => (fullness(each) < fullness(best) ? each : best), first);
    least.shards += 1;
    return least.place;
  };
}

/** As it would be with one more. */
function fullness({ shards, room }: Filled): number {
  return (shards + 1) / room;
}
