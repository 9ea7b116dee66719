/** Counts what comes under a name within a minute that begins with the first. */
export interface RateLimit {
  /** Milliseconds until more is taken; undefined: it is taken. */
  refused(name: string, now: number): number | undefined;
}

const WINDOW_MS = 60_000;
const MOST_NAMES = 10_000;

export function createRateLimit(most: number): RateLimit {
  const windows = new Map<string, { readonly begun: number; count: number }>();
  return {
    refused(name, now) {
      let window = windows.get(name);
      if (window === undefined || now - window.begun >= WINDOW_MS || now < window.begun) {
        if (windows.size >= MOST_NAMES) windows.clear();
        window = { begun: now, count: 0 };
        windows.set(name, window);
      }
      if (window.count >= most) return window.begun + WINDOW_MS - now;
      window.count += 1;
      return undefined;
    },
  };
}
