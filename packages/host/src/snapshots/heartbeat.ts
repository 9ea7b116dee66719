import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const EVERY_MS = 1_000;

/**
 * While a step is performed a file says every second that its process lives. Should the process be killed, what was
 * written to the workspace before and what was written after can be told apart to a second or so.
 */
export function startHeartbeat(folder: string, window: number): { stop(): void } {
  const file = fileOf(folder, window);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(file, '');
  const beat = () => {
    try {
      const now = Date.now() / 1_000;
      utimesSync(file, now, now);
    } catch {
      // Removed by who took this process for dead: there is nobody to tell any more.
    }
  };
  const timer = setInterval(beat, EVERY_MS);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      rmSync(file, { force: true });
    },
  };
}

/** When the process of a window last said that it lives. */
export function lastBeat(folder: string, window: number): number | undefined {
  return statSync(fileOf(folder, window), { throwIfNoEntry: false })?.mtimeMs;
}

export function endHeartbeat(folder: string, window: number): void {
  rmSync(fileOf(folder, window), { force: true });
}

function fileOf(folder: string, window: number): string {
  return join(folder, String(window));
}
