import { isRunning, processStart } from '@cadre/kit/files';
import { controllersOf } from '../group-controllers.ts';
import { type GroupReading, type GroupUse, readGroup } from '../read-group.ts';

const LOOK_MS = 50;
const NOTHING: GroupUse = { cpuMs: 0, memoryBytes: 0, processes: 0, memoryExceeded: false };

/** A container that is being started, or runs, seen from outside. */
export interface ContainerReading extends GroupReading {
  /** Number of its first process, once it is known. */
  pid(): number | undefined;
  /** The system has ended something in it for want of memory, as far as it was seen. */
  ranOut(): boolean;
  /** The most memory that was seen. */
  peakBytes(): number;
  /** Ends its first process, and with it all others, where we may. */
  kill(): void;
  /** It is gone; what it had used stays known. */
  stop(): void;
}

/**
 * Reads the control group of a container, which its engine has made. `findPid` gives the number of its first process when there is one;
 * it is asked until then.
 */
export function readContainer(
  findPid: () => Promise<number | undefined>,
  found: () => void,
): ContainerReading {
  let reading: GroupReading | undefined;
  let first: { readonly pid: number; readonly start: string } | undefined;
  let isOver = false;
  let last = NOTHING;
  let peak = 0;
  let hasRunOut = false;

  const look = async (): Promise<void> => {
    if (isOver || reading !== undefined) return;
    const pid = await findPid();
    if (pid !== undefined) {
      const start = await processStart(pid);
      reading = readGroup(await controllersOf(pid));
      first = { pid, start };
      found();
      return;
    }
    setTimeout(() => void look(), LOOK_MS).unref();
  };
  void look();

  return {
    async measure() {
      const now = await reading?.measure();
      if (now?.memoryExceeded === true) hasRunOut = true;
      // When it has ended its group is removed with it.
      if (now?.cpuMs !== undefined && now.memoryBytes !== undefined) {
        peak = Math.max(peak, now.memoryBytes);
        last = now;
      }
      return { ...last, memoryExceeded: hasRunOut };
    },
    members: async () => (isOver ? [] : ((await reading?.members()) ?? [])),
    full() {
      const what = isOver ? undefined : reading?.full();
      if (what === 'memory') hasRunOut = true;
      return what;
    },
    pid: () => (isOver ? undefined : first?.pid),
    ranOut: () => hasRunOut,
    peakBytes: () => peak,
    kill() {
      if (first === undefined || isOver) return;
      const { pid, start } = first;
      void isRunning(pid, start).then((isThere) => {
        if (!isThere || start === '' || isOver) return;
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // Somebody else's, by the engine's doing: the engine ends it.
        }
      });
    },
    stop() {
      isOver = true;
    },
  };
}
