import type { ListedEntry } from '../../tree/list-files.ts';
import { findOpenModes } from '../configuration/find-open-modes.ts';
import { type AuditFinding, fingerprints } from './audit-finding.ts';
import { readSource, type Unread } from './read-source.ts';
import { BUILT_IN, type Scanned } from './scan-source.ts';
import type { Source } from './source.ts';

/** Reading waits for the disk while another file is searched; more gained nothing on an SSD. */
const AT_ONCE = 16;

export interface ScanResult {
  readonly findings: readonly AuditFinding[];
  readonly suppressed: number;
  /** Files that were searched. */
  readonly files: number;
  readonly bytes: number;
  readonly notScanned: readonly { readonly path: string; readonly reason: Unread }[];
}

export interface ScanOptions {
  readonly workspace: string;
  readonly scan: (source: Source) => Scanned;
  /** Whether permission bits are looked at. */
  readonly modes: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

/** Reads and searches each file once; findings in the order of the entries. Throws when the signal is aborted. */
export async function scanFiles(entries: readonly ListedEntry[], options: ScanOptions): Promise<ScanResult> {
  const files = entries.filter(({ kind }) => kind === 'file');
  const results: (Scanned | Unread)[] = new Array(files.length);
  const waiting = files.entries();
  let done = 0;
  const scanSome = async () => {
    for (const [index, entry] of waiting) {
      options.signal.throwIfAborted();
      results[index] = await scanEntry(entry, options);
      done += 1;
      if (done % 500 === 0) options.onProgress(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, scanSome));
  return collect(files, results, options.modes ? modeFindings(entries) : []);
}

async function scanEntry(entry: ListedEntry, options: ScanOptions): Promise<Scanned | Unread> {
  const source = await readSource(options.workspace, entry);
  return typeof source === 'string' ? source : options.scan(source);
}

function collect(
  files: readonly ListedEntry[],
  results: readonly (Scanned | Unread)[],
  modes: readonly AuditFinding[],
): ScanResult {
  const scanned = results.filter((result) => typeof result !== 'string');
  const read = files.filter((_, index) => typeof results[index] !== 'string');
  return {
    findings: [...scanned.flatMap(({ findings }) => findings), ...modes],
    suppressed: scanned.reduce((sum, { suppressed }) => sum + suppressed, 0),
    files: read.length,
    bytes: read.reduce((sum, { bytes }) => sum + bytes, 0),
    notScanned: files.flatMap(({ path }, index) => {
      const reason = results[index];
      return typeof reason === 'string' ? [{ path, reason }] : [];
    }),
  };
}

function modeFindings(entries: readonly ListedEntry[]): AuditFinding[] {
  const fingerprint = fingerprints();
  return findOpenModes(entries).map(({ rule, path, message }) => ({
    tool: BUILT_IN,
    kind: rule.kind,
    rule: rule.id,
    title: rule.title,
    severity: rule.severity,
    confidence: rule.confidence,
    file: path,
    message,
    fix: rule.fix,
    cwe: rule.cwe,
    fingerprint: fingerprint({ rule: rule.id, file: path, text: '' }),
  }));
}
