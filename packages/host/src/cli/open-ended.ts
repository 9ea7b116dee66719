/** Keeps the process alive while something is waited for that only timers of the clock bring, which do not. */
export async function openEnded<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, 2 ** 31 - 1);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
