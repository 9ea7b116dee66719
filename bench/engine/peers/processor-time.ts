import { readdirSync, readFileSync } from 'node:fs';

/** As Linux gives processor time to programs on every machine that Node runs on. */
const MS_PER_TICK = 10;

/** Milliseconds of processor time of everything that this process has started and that still runs; 0 where there is no `/proc`. */
export function processorTimeOfChildren(): number {
  const processes = allProcesses();
  const below = (parent: number): number =>
    processes
      .filter((process) => process.parent === parent)
      .reduce((sum, process) => sum + process.ticks * MS_PER_TICK + below(process.id), 0);
  return below(process.pid);
}

interface RunningProcess {
  readonly id: number;
  readonly parent: number;
  /** With those of its children that have ended. */
  readonly ticks: number;
}

function allProcesses(): readonly RunningProcess[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap(readProcess);
  } catch {
    return [];
  }
}

function readProcess(id: string): readonly RunningProcess[] {
  try {
    const text = readFileSync(`/proc/${id}/stat`, 'utf8');
    // The name of the program stands in brackets and may hold anything.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + (fields[index] ?? 0), 0);
    return [{ id: Number(id), parent: fields[1] ?? 0, ticks }];
  } catch {
    return [];
  }
}
