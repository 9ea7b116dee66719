/** FND-76: so much waiting is worth one level of priority. */
export const AGING_MS = 900_000;

/** A place in a line; whoever joined keeps it, to leave or to be moved. */
export interface Waiting<T> {
  readonly item: T;
  /** Those of one group take turns with the other groups. */
  readonly group: string;
  readonly priority: number;
  /** When it joined. */
  readonly since: number;
}

export interface WaitingLine<T> {
  readonly length: number;
  /** When the one who waits longest joined; undefined: nobody waits. */
  readonly oldest: number | undefined;
  join(item: T, group: string, priority: number, now: number): Waiting<T>;
  /** Whether it still waited. */
  leave(waiting: Waiting<T>): boolean;
  /** Who is served next, without being served. */
  first(now: number): Waiting<T> | undefined;
  /** The one who is served now: it waits no more. */
  next(now: number): Waiting<T> | undefined;
  /** Gives those of a group another priority; undefined leaves it. What they waited until now lifts them no more. */
  move(group: string, priorityOf: (item: T) => number | undefined, now: number): void;
  /** The first of those who wait, in the order in which they would be served if nobody else came. */
  ordered(now: number, most: number): readonly Waiting<T>[];
}

/** What of a place is the line's own affair. */
interface Place<T> extends Waiting<T> {
  level: Level<T> | undefined;
  /** When it came to its level. */
  at: number;
}

/** In one level those who wait, in the order in which they came to it, and the groups, in the order of their turns. */
interface Level<T> {
  readonly priority: number;
  readonly waiting: Set<Place<T>>;
  readonly groups: Map<string, Set<Place<T>>>;
}

/**
 * Who is served next: by priority, then group by group in turn, then by age.
 *
 * Invariants
 * 1. Of one priority each group that waits is served once before any of them is served again.
 * 2. For each `agingMs` that the oldest of a level has waited there, the level counts for one more, so that nobody waits for
 *    ever; of two that count the same, the one with the older is served.
 * 3. Joining, leaving and being served cost as much as there are levels, not as many wait.
 */
export function createWaitingLine<T>(agingMs = AGING_MS): WaitingLine<T> {
  return new Line(agingMs);
}

class Line<T> implements WaitingLine<T> {
  readonly #agingMs: number;
  readonly #levels = new Map<number, Level<T>>();
  /** In the order in which they joined, also when they were moved. */
  readonly #all = new Set<Place<T>>();

  constructor(agingMs: number) {
    this.#agingMs = agingMs;
  }

  get length(): number {
    return this.#all.size;
  }

  get oldest(): number | undefined {
    const [place] = this.#all;
    return place?.since;
  }

  join(item: T, group: string, priority: number, now: number): Waiting<T> {
    const place = placed(item, group, now);
    this.#all.add(place);
    this.#put(place, priority, now);
    return place;
  }

  leave(waiting: Waiting<T>): boolean {
    const place = waiting as Place<T>;
    if (!this.#all.delete(place)) return false;
    this.#takeOut(place);
    return true;
  }

  first(now: number): Waiting<T> | undefined {
    const level = chosen(this.#levels.values(), now, this.#agingMs);
    const [group] = level?.groups.values() ?? [];
    const [place] = group ?? [];
    return place;
  }

  next(now: number): Waiting<T> | undefined {
    const place = this.first(now) as Place<T> | undefined;
    const { groups } = place?.level ?? {};
    if (place === undefined || groups === undefined) return undefined;
    this.leave(place);
    // Invariant 1: the group that was served goes to the end.
    const rest = groups.get(place.group);
    groups.delete(place.group);
    if (rest !== undefined) groups.set(place.group, rest);
    return place;
  }

  move(group: string, priorityOf: (item: T) => number | undefined, now: number): void {
    const all = [...this.#levels.values()].flatMap(({ groups }) => [...(groups.get(group) ?? [])]);
    for (const place of all) {
      const priority = priorityOf(place.item);
      if (priority === undefined || priority === place.priority) continue;
      this.#takeOut(place);
      this.#put(place, priority, now);
    }
  }

  ordered(now: number, most: number): readonly Waiting<T>[] {
    const served: Waiting<T>[] = [];
    const copy = this.#copy();
    while (served.length < most) {
      const next = copy.next(now);
      if (next === undefined) break;
      served.push((next as Place<Waiting<T>>).item);
    }
    return served;
  }

  /** A line of those who wait in this one, from which they can be served without being served here. */
  #copy(): Line<Waiting<T>> {
    const copy = new Line<Waiting<T>>(this.#agingMs);
    for (const { priority, waiting, groups } of this.#levels.values()) {
      // The order of the turns first, then who came when.
      const copies = new Map([...waiting].map((one) => [one, placed<Waiting<T>>(one, one.group, one.since)]));
      const level: Level<Waiting<T>> = { priority, waiting: new Set(), groups: new Map() };
      for (const name of groups.keys()) level.groups.set(name, new Set());
      copy.#levels.set(priority, level);
      for (const [one, place] of copies) {
        copy.#all.add(place);
        copy.#put(place, priority, one.at);
      }
    }
    return copy;
  }

  #put(place: Place<T>, priority: number, at: number): void {
    const level = this.#levels.get(priority) ?? { priority, waiting: new Set(), groups: new Map() };
    this.#levels.set(priority, level);
    place.level = level;
    place.at = at;
    level.waiting.add(place);
    const group = level.groups.get(place.group);
    if (group === undefined) level.groups.set(place.group, new Set([place]));
    else group.add(place);
  }

  #takeOut(place: Place<T>): void {
    const { level } = place;
    if (level === undefined) return;
    level.waiting.delete(place);
    const group = level.groups.get(place.group);
    group?.delete(place);
    if (group?.size === 0) level.groups.delete(place.group);
    if (level.waiting.size === 0) this.#levels.delete(level.priority);
    place.level = undefined;
  }
}

function placed<T>(item: T, group: string, since: number): Place<T> {
  return {
    item,
    group,
    since,
    at: since,
    level: undefined,
    get priority() {
      return this.level?.priority ?? 0;
    },
  };
}

/** Invariant 2. */
function chosen<T>(levels: Iterable<Level<T>>, now: number, agingMs: number): Level<T> | undefined {
  let best: { readonly level: Level<T>; readonly worth: number; readonly at: number } | undefined;
  for (const level of levels) {
    const [oldest] = level.waiting;
    if (oldest === undefined) continue;
    const { at } = oldest;
    const worth = level.priority + Math.floor(Math.max(0, now - at) / agingMs);
    const isBetter = best === undefined || worth > best.worth || (worth === best.worth && at < best.at);
    if (isBetter) best = { level, worth, at };
  }
  return best?.level;
}
