/** A bounded number of places; who comes first is served first. */
export interface Slots {
  /** Gives back what was taken; undefined when the signal was aborted first. */
  take(signal: AbortSignal): Promise<(() => void) | undefined>;
}

export function createSlots(limit: number): Slots {
  let free = limit;
  const queue = new Set<() => void>();

  function giveBack(): void {
    const [next] = queue;
    if (next === undefined) {
      free += 1;
      return;
    }
    queue.delete(next);
    next();
  }

  /** A place is given back once, whatever its holder does. */
  function place(): () => void {
    let held = true;
    return () => {
      if (held) giveBack();
      held = false;
    };
  }

  return {
    async take(signal) {
      if (signal.aborted) return undefined;
      if (free > 0) {
        free -= 1;
        return place();
      }
      return new Promise((resolve) => {
        const leave = () => {
          queue.delete(enter);
          resolve(undefined);
        };
        const enter = () => {
          signal.removeEventListener('abort', leave);
          resolve(place());
        };
        queue.add(enter);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
  };
}
