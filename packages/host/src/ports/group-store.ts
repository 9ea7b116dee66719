/** Runs that must not go on at once: each group is a line in which runs stand, and only the first goes on. */
export interface GroupStore {
  /**
   * Puts a run at the end of the line, once; answers the runs before it that are not over, the first first. With
   * `unlessBusy` it is not put there when there are any. A run that stands there and never came to be is in nobody's way
   * after `graceMs`.
   */
  enter(
    group: string,
    run: string,
    options: { readonly now: number; readonly graceMs: number; readonly unlessBusy: boolean },
  ): Promise<readonly string[]>;
  /** Whether nobody stands before a run: once that is so it stays so. */
  isFirst(group: string, run: string, now: number): Promise<boolean>;
  /** Who goes on first; undefined: nobody stands there. */
  first(group: string, now: number): Promise<string | undefined>;
  /** Takes a run out of the line; answers who is the first now. */
  leave(group: string, run: string, now: number): Promise<string | undefined>;
}
