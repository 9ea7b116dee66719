import { dirname } from 'node:path';

/** Several at once, since of each most of the time is waiting. */
const AT_ONCE = 16;

/** Neighbours of a list that lie in the same folder, a few at a time. */
export function* inSameFolder<T extends { readonly path: string }>(
  entries: readonly T[],
): Generator<readonly T[]> {
  let some: T[] = [];
  for (const entry of entries) {
    const [first] = some;
    if (first !== undefined && (some.length === AT_ONCE || dirname(first.path) !== dirname(entry.path))) {
      yield some;
      some = [];
    }
    some.push(entry);
  }
  if (some.length > 0) yield some;
}

/** All of them are over when it throws what the first one of them threw. */
export async function allOf<T>(tasks: readonly Promise<T>[]): Promise<readonly T[]> {
  const ended = await Promise.allSettled(tasks);
  return ended.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
