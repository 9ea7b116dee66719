import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';

/** The number of the user whose process it is; undefined when it is gone or the system cannot tell. */
export function processOwner(pid: number): number | undefined {
  if (process.platform === 'win32') return undefined;
  if (process.platform === 'linux') return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
  try {
    const output = execFileSync('ps', ['-o', 'uid=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /^\s*\d+\s*$/.test(output) ? Number(output) : undefined;
  } catch {
    return undefined;
  }
}
