import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The newest record of the audit chain, kept beside the store so that records cut off at its end are missed. */
export interface AuditHead {
  readonly number: number;
  readonly hash: string;
}

export function auditHeadFile(dataDir: string): string {
  return join(dataDir, 'audit-head');
}

/** Undefined when there is none yet, or none that can be read. */
export function readAuditHead(file: string): AuditHead | undefined {
  const [, number, hash] = /^(\d+) ([0-9a-f]{64})\n$/.exec(textOf(file)) ?? [];
  return number === undefined || hash === undefined ? undefined : { number: Number(number), hash };
}

/**
 * Never goes back: of two processes the one with the newer record wins, apart from a moment in which both have read the
 * same; the next record then sets it right. Replaced in one step and not flushed: after a power cut an older head is
 * still a head. Synchronous, since three calls that the system answers from memory (0.1 ms) cost less than waiting.
 */
export function writeAuditHead(file: string, head: AuditHead): void {
  const current = readAuditHead(file);
  if (current !== undefined && current.number >= head.number) return;
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, `${head.number} ${head.hash}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
