import type { Clock } from '../ports/clock.ts';

/** What may be done changes, and processes die: it is looked at anew so often. */
const LOOK_MS = 60_000;

/** Keeps processes of workers warm from now on; the answer ends that. Where there are none to keep nothing is done. */
export function keepWarm(
  workers: readonly string[],
  {
    clock,
    warm,
    failed,
  }: { clock: Clock; warm(worker: string): Promise<void>; failed(error: unknown): void },
): () => void {
  let takeBack = () => {};
  const look = () => {
    for (const worker of workers) warm(worker).catch(failed);
    takeBack = clock.wakeAt(clock.now() + LOOK_MS, look);
  };
  if (workers.length > 0) look();
  return () => takeBack();
}
