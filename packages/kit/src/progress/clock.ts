/** Time as progress needs it. */
export interface Clock {
  /** Milliseconds; never goes back. */
  now(): number;
  /** Calls back once; the answer takes it back. Does not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
