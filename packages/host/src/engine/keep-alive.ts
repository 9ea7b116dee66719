/** Longer than any process lives; the timer is there for its reference alone. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Keeps the process alive while somebody waits for something that only a timer of the clock will bring: those timers do
 * not. Answers the way to stop.
 */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, NEVER_MS);
  return () => clearInterval(timer);
}
