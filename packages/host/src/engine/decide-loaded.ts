import type { RunValues } from './large-values.ts';

/** A decision outside of a turn: what it reads and is not loaded is loaded, and then it is made anew. */
export async function decideLoaded<T>(values: RunValues, decide: () => T): Promise<T> {
  for (;;) {
    try {
      return decide();
    } catch (error) {
      await values.loadFor(error);
    }
  }
}
