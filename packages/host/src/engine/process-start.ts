import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/** Field 22 of /proc/PID/stat, counted after the name, which may itself hold blanks and parentheses. */
const START_TICKS = 19;
const STATE = 0;

/**
 * When a process of this machine was started, as the system tells it, so that a re-used pid is not mistaken for it:
 * `BOOT/NAMESPACE/TICKS` on Linux, where ticks are counted from the boot and pids within a namespace; a date elsewhere.
 * Empty: the system does not tell. `undefined`: there is no such process, or nothing of it but its exit code.
 */
export function processStart(pid: number): string | undefined {
  if (!isThere(pid)) return undefined;
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Any other refusal (EPERM) comes from a process that is there.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

function fromProc(pid: number): string | undefined {
  const line = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (line === '') return '';
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  // Dead, and not yet looked at by its parent.
  if (fields[STATE] === 'Z' || fields[STATE] === 'X') return undefined;
  return [bootId(), pidNamespace(), fields[START_TICKS] ?? ''].join('/');
}

function bootId(): string {
  return attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
}

function pidNamespace(): string {
  return attempt(() => readlinkSync('/proc/self/ns/pid'));
}

function fromPs(pid: number): string {
  return attempt(() =>
    execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { LC_ALL: 'C', PATH: process.env['PATH'] ?? '' },
    }).trim(),
  );
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
