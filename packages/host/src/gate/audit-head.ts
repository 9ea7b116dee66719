import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The newest record of the audit chain, kept beside the store so that records cut off at its end are missed. */
export interface AuditHead {
  readonly number: number;
  readonly hash: string;
}

export function auditHeadFile(dataDir: string): string {
  return join(dataDir, 'audit-head');
}

/** Undefined when there is none yet, or none that can be read. */
export async function readAuditHead(file: string): Promise<AuditHead | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [, number, hash] = /^(\d+) ([0-9a-f]{64})\n$/.exec(text) ?? [];
  return number === undefined || hash === undefined ? undefined : { number: Number(number), hash };
}

/**
 * Never goes back: of two processes the one with the newer record wins, apart from a moment in which both have read the
 * same; the next record then sets it right. Replaced in one step and not flushed: after a power cut an older head is
 * still a head, and a flush would cost more than the record itself.
 */
export async function writeAuditHead(file: string, head: AuditHead): Promise<void> {
  const current = await readAuditHead(file);
  if (current !== undefined && current.number >= head.number) return;
  const temporary = `${file}.${process.pid}.tmp`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(temporary, `${head.number} ${head.hash}\n`, { mode: 0o600 });
  await rename(temporary, file);
}
