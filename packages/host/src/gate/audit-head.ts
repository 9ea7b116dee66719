import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** The newest record of the audit chain, kept beside the store so that records cut off at its end are missed. */
export interface AuditHead {
  readonly number: number;
  readonly hash: string;
}

export function auditHeadFile(dataDir: string): string {
  return join(dataDir, 'audit-head');
}

/** The number in as many digits as it can ever have: every head has the same length. */
const DIGITS = 16;

/** Undefined when there is none yet, or none that can be read. */
export function readAuditHead(file: string): AuditHead | undefined {
  const [, number, hash] = /^(\d+) ([0-9a-f]{64})\n$/.exec(textOf(file)) ?? [];
  return number === undefined || hash === undefined ? undefined : { number: Number(number), hash };
}

/**
 * Never goes back: of two processes the one with the newer record wins, apart from a moment in which both have read the
 * same; the next record then sets it right. Written in place, by one call, not flushed: after a power cut an older head is
 * still a head, and replacing the file by renaming took 1 ms on ext4, twenty times as much.
 */
export function writeAuditHead(file: string, head: AuditHead): void {
  const current = readAuditHead(file);
  if (current !== undefined && current.number >= head.number) return;
  const handle = openSync(file, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    writeSync(handle, `${String(head.number).padStart(DIGITS, '0')} ${head.hash}\n`, 0);
  } finally {
    closeSync(handle);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
