/** Everything that something changed can reach, itself included: `dependents` are those that use it directly. */
export function reached(
  changed: Iterable<string>,
  dependents: ReadonlyMap<string, Iterable<string>>,
): ReadonlySet<string> {
  const found = new Set(changed);
  // A set gives also what is added while it is gone through.
  for (const one of found) for (const dependent of dependents.get(one) ?? []) found.add(dependent);
  return found;
}

/** The other way round: who uses what, as who is used by whom. */
export function inverted(uses: Iterable<readonly [user: string, used: string]>): Map<string, Set<string>> {
  const dependents = new Map<string, Set<string>>();
  for (const [user, used] of uses) {
    const users = dependents.get(used) ?? new Set();
    dependents.set(used, users.add(user));
  }
  return dependents;
}
