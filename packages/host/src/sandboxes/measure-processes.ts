import { readdir, readFile } from 'node:fs/promises';

/** What a program and all that it started have used so far. */
export interface ProcessUse {
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly pids: readonly number[];
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Its own and that of its children which have ended. */
  readonly ticks: number;
}

/** Linux tells processor time in hundredths of a second, whatever the kernel itself counts in (proc(5), sysconf(3)). */
const TICK_MS = 10;

/**
 * By looking at the processes below one and at those of its group, which is all there is to see without a control group:
 * what a process uses that comes and goes between two looks is seen in its parent, when that has waited for it. Of the memory
 * only what is their own counts, not what they share by files.
 */
export async function measureProcesses(root: number): Promise<ProcessUse> {
  const tree = await readTree(root);
  const memory = await Promise.all(tree.map(({ pid }) => memoryOf(pid)));
  return {
    cpuMs: tree.reduce((sum, { ticks }) => sum + ticks * TICK_MS, 0),
    memoryBytes: memory.reduce((sum, each) => sum + each, 0),
    pids: tree.map(({ pid }) => pid),
  };
}

async function readTree(root: number): Promise<readonly Process[]> {
  const all = (await Promise.all((await listPids()).map(readProcess))).filter((each) => each !== undefined);
  return treeOf(root, all);
}

async function listPids(): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Undefined when it has ended meanwhile. */
async function readProcess(pid: number): Promise<Process | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // The name in brackets may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (index: number) => Number(fields[index]);
  return {
    pid,
    parent: number(1),
    group: number(2),
    ticks: number(11) + number(12) + number(13) + number(14),
  };
}

function treeOf(root: number, all: readonly Process[]): Process[] {
  const tree = new Map(
    all.filter(({ pid, group }) => pid === root || group === root).map((each) => [each.pid, each]),
  );
  let before = -1;
  while (tree.size > before) {
    before = tree.size;
    for (const each of all) if (tree.has(each.parent)) tree.set(each.pid, each);
  }
  return [...tree.values()];
}

async function memoryOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return (kibibytes('RssAnon') + kibibytes('RssShmem')) * 1024;
}
