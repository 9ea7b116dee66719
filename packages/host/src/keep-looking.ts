import type { Clock } from './ports/clock.ts';
import type { WatchFiles } from './ports/file-watch.ts';

/** An editor writes a file in several steps, and git many files. */
const SETTLED_MS = 300;
/** What a system does not tell of, such as a folder that took the place of another one, is seen then. */
const LOOK_MS = 60_000;

interface Options {
  readonly root: string;
  readonly paths: readonly string[];
  readonly clock: Clock;
  readonly watchFiles: WatchFiles;
  readonly look: () => Promise<void>;
  readonly failed: (error: unknown) => void;
}

/** Looks once in a while and soon after each change, never twice at once. The answer ends that, after the look under way. */
export async function keepLooking({
  root,
  paths,
  clock,
  watchFiles,
  look,
  failed,
}: Options): Promise<() => Promise<void>> {
  let looking: Promise<void> = Promise.resolve();
  let takeBack: (() => void) | undefined;
  let isEnded = false;
  const lookIn = (ms: number) => {
    takeBack?.();
    takeBack = clock.wakeAt(clock.now() + ms, () => {
      looking = looking.then(() => (isEnded ? undefined : look())).catch(failed);
      lookIn(LOOK_MS);
    });
  };
  const settle = () => lookIn(SETTLED_MS);
  const stop = await watchFiles({
    root,
    paths,
    ignore: ['**/*.tgz', '**/*.log'],
    initial: false,
    own: true,
    hear: settle,
    failed,
  });
  // What changed before anybody was watching.
  settle();
  return async () => {
    isEnded = true;
    takeBack?.();
    await stop();
    await looking;
  };
}
