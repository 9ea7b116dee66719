/** How much happened in the last minute, and since the beginning. */
export interface RecentCount {
  add(now: number): void;
  readonly total: number;
  lastMinute(now: number): number;
}

const SECONDS = 60;

/** A slot for each second of a minute; what is older than that is forgotten when its slot is used again. */
export function createRecentCount(): RecentCount {
  const counts = new Array<number>(SECONDS).fill(0);
  const seconds = new Array<number>(SECONDS).fill(Number.NEGATIVE_INFINITY);
  let total = 0;
  return {
    get total() {
      return total;
    },
    add(now) {
      total += 1;
      const second = Math.floor(now / 1_000);
      const slot = second % SECONDS;
      counts[slot] = seconds[slot] === second ? (counts[slot] ?? 0) + 1 : 1;
      seconds[slot] = second;
    },
    lastMinute(now) {
      const since = Math.floor(now / 1_000) - SECONDS;
      return counts.reduce((sum, count, slot) => ((seconds[slot] ?? 0) > since ? sum + count : sum), 0);
    },
  };
}
