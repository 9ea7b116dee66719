import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { ConfinedProcess, ProcessEnd, ProcessUse } from '../ports/sandbox.ts';
import type { Seen, WrappedCommand } from './wrapped-command.ts';

/** Starts a wrapped command as the leader of a process group of its own. `isLimited`: what it uses is somebody's affair. */
export function startWrapped(wrapped: WrappedCommand, isLimited = false): ConfinedProcess {
  const { descriptors: contents, isLeashed } = wrapped;
  const descriptors = [...contents, ...(isLeashed === true ? [undefined] : [])];
  const child = spawn(wrapped.program, wrapped.arguments, {
    cwd: wrapped.cwd,
    env: wrapped.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', ...descriptors.map(() => 'pipe' as const)],
  });
  const [stdin, stdout, stderr, ...extra] = child.stdio as [Writable, Readable, Readable, ...Writable[]];
  // Whoever ends before reading all of it says so by its exit code.
  for (const stream of [stdin, ...extra]) stream.on('error', () => {});
  for (const [index, stream] of extra.entries()) {
    const content = descriptors[index];
    if (content !== undefined) stream.end(content);
    else child.once('exit', () => stream.destroy());
  }
  const kill = () => {
    killGroup(child);
    wrapped.endStrays?.();
  };
  const measure = async () => {
    const seen = isLimited ? await wrapped.measure(child.pid) : undefined;
    if (seen?.memoryExceeded !== true) return seen?.usage;
    kill();
    return undefined;
  };
  const { most, full } = wrapped;
  const load = () => wrapped.load(child.pid);
  const use = async () => useOf(await wrapped.measure(hasEnded(child) ? undefined : child.pid));
  const ended = endOf(child, kill, wrapped, isLimited);
  return { stdin, stdout, stderr, kill, measure, use, most, load, full, ended };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** A program that uses no memory is one that cannot be looked at. */
function useOf({
  usage: { cpuMs = 0, memoryBytes: peakBytes = 0 },
  memoryBytes,
}: Seen): ProcessUse | undefined {
  return peakBytes === 0 ? undefined : { memoryBytes, peakBytes, cpuMs };
}

async function endOf(
  child: ChildProcess,
  kill: () => void,
  wrapped: WrappedCommand,
  isLimited: boolean,
): Promise<ProcessEnd> {
  const ended = await new Promise<ProcessEnd>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error: error.message }));
    // What the program left in its group would keep the output open for ever.
    child.once('exit', kill);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  // Before what counts it is removed.
  const seen = await wrapped.measure(undefined);
  const exceededMemoryBytes = await wrapped.release(ended);
  return {
    ...ended,
    ...(isLimited ? { used: seen.usage } : {}),
    ...(exceededMemoryBytes === undefined ? {} : { exceededMemoryBytes }),
  };
}

/** In a box the first process takes all others with it; elsewhere the group is as much as can be reached. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
