import { readFile, readlink } from 'node:fs/promises';

/** When a process was started, as the system tells it; empty where it tells nothing. */
export async function processStart(pid: number): Promise<string> {
  return (await processFacts(pid)).start;
}

/** The name of the set of processes that this one can see; empty where there is but one. */
export async function processSpace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => '');
}

/** Whether the process that once had this id and start time still lives; a zombie does not. */
export async function isRunning(pid: number, startedAt: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Any other refusal (EPERM) comes from a process that is there.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const { state, start } = await processFacts(pid);
  return state !== 'Z' && (start === '' || startedAt === '' || start === startedAt);
}

async function processFacts(pid: number): Promise<{ state: string; start: string }> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may itself hold blanks and parentheses. After it: state is field 3, start time field 22.
  const afterName = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return { state: afterName[0] ?? '', start: afterName[19] ?? '' };
}
