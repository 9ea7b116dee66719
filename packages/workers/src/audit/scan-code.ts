import type { ActionContext, Skipped, Timing } from '@cadre/sdk';
import { type ListedEntry, listEntries } from '../tree/list-files.ts';
import { createStopwatch } from '../tree/stopwatch.ts';
import type { Covers } from './baseline/apply-baseline.ts';
import { folderTest } from './in-folder.ts';
import { skippedFiles } from './report/audit-report.ts';
import { CODE_KINDS, type CodeKind } from './rule.ts';
import { loadSyntaxFinder, type SyntaxFinder } from './sast/javascript-syntax.ts';
import type { AuditFinding } from './scan/audit-finding.ts';
import type { Unread } from './scan/read-source.ts';
import { scanFiles } from './scan/scan-files.ts';
import { BUILT_IN, sourceScanner } from './scan/scan-source.ts';
import { isAtLeast } from './severity.ts';
import { runTools, type ToolFailure } from './tools/run-tools.ts';

export interface ScanInput {
  /** Folder to scan, relative to the workspace. Default all of it. */
  readonly path?: string;
  /** Only these files, or what lies in these folders. Absent or empty: all. */
  readonly paths?: readonly string[];
  /** Globs of files to leave alone. */
  readonly exclude?: readonly string[];
  /** Default all. */
  readonly kinds?: readonly CodeKind[];
}

export interface CodeScan {
  readonly findings: readonly AuditFinding[];
  readonly skipped: readonly Skipped[];
  readonly covers: Covers;
  readonly metrics: { readonly files: number; readonly bytes: number; readonly suppressed: number };
  /** Tools that crashed. */
  readonly failed: readonly ToolFailure[];
  readonly timings: readonly Timing[];
}

const WORDS: Readonly<Record<Unread, string>> = {
  binary: 'not scanned (no text)',
  too_large: 'not scanned (over 1 MiB)',
  unreadable: 'not scanned (cannot be read)',
};

/** Scans files of the workspace with the built-in rules and with the scanners that are installed. */
export async function scanCode(
  context: ActionContext,
  input: ScanInput,
  load: () => Promise<SyntaxFinder> = loadSyntaxFinder,
): Promise<CodeScan> {
  const kinds = input.kinds ?? CODE_KINDS;
  const isWanted = await chooser(context, input.paths ?? []);
  const listed = await listEntries(context, input);
  const entries = listed.filter(({ path }) => isWanted(path));
  const syntax = await syntaxFinder(load);
  const stopwatch = createStopwatch();
  const what = { tool: BUILT_IN, files: 'all', count: entries.length };
  const scan = () =>
    scanFiles(entries, {
      workspace: context.workspace,
      scan: sourceScanner(kinds, syntax.find),
      modes: kinds.includes('configuration'),
      signal: context.signal,
      onProgress: (done) => context.progress({ label: 'files', done, total: entries.length, unit: 'files' }),
    });
  const scanned = await stopwatch.time(what, scan);
  const tools = await runTools(context, filesOf(entries), kinds, stopwatch);
  const passedOver = new Set(scanned.notScanned.map(({ path }) => path));
  const inFolder = await folderTest(context, input.path);
  const ran = new Set([BUILT_IN, ...tools.ran]);
  return {
    findings: withoutDoubles(scanned.findings, tools.findings),
    skipped: [
      ...Object.entries(WORDS).flatMap(([reason, words]) => {
        const paths = scanned.notScanned.filter((one) => one.reason === reason).map(({ path }) => path);
        return skippedFiles(BUILT_IN, reason, paths, words);
      }),
      ...(kinds.includes('sast') ? syntax.skipped : []),
      ...tools.skipped,
    ],
    covers: ({ tool, kind, file }) =>
      ran.has(tool) &&
      kinds.some((one) => one === kind) &&
      // The rules that stand in for the syntax tree see less.
      (kind !== 'sast' || syntax.find !== undefined) &&
      inFolder(file) &&
      isWanted(file) &&
      !passedOver.has(file),
    metrics: { files: scanned.files, bytes: scanned.bytes, suppressed: scanned.suppressed },
    failed: tools.failed,
    timings: stopwatch.timings(),
  };
}

function filesOf(entries: readonly ListedEntry[]): string[] {
  return entries.filter(({ kind }) => kind === 'file').map(({ path }) => path);
}

async function chooser(context: ActionContext, paths: readonly string[]): Promise<(path: string) => boolean> {
  const tests = await Promise.all(paths.map((path) => folderTest(context, path)));
  return tests.length === 0 ? () => true : (path) => tests.some((test) => test(path));
}

async function syntaxFinder(
  load: () => Promise<SyntaxFinder>,
): Promise<{ readonly find: SyntaxFinder | undefined; readonly skipped: readonly Skipped[] }> {
  try {
    return { find: await load(), skipped: [] };
  } catch (error) {
    const message = `JavaScript and TypeScript are searched by text only: ${(error as Error).message.split('\n')[0]}`;
    const hint = 'install @ast-grep/napi for this system';
    return { find: undefined, skipped: [{ tool: 'ast-grep', reason: 'tool_missing', message, hint }] };
  }
}

/** What a tool says of a line on which a built-in rule found something of the kind, as bad or worse, is the same. */
function withoutDoubles(own: readonly AuditFinding[], others: readonly AuditFinding[]): AuditFinding[] {
  const place = ({ file, line, kind }: AuditFinding) => [file, line, kind].join('\0');
  const places = Map.groupBy(own, place);
  const isKnown = (finding: AuditFinding) =>
    places.get(place(finding))?.some(({ severity }) => isAtLeast(severity, finding.severity)) ?? false;
  return [...own, ...others.filter((finding) => !isKnown(finding))];
}
