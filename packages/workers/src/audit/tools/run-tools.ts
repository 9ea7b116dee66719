import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ActionContext, ActionError, type Failure, type Skipped } from '@cadre/sdk';
import { openFolder } from '../../code/folder.ts';
import { relativePath } from '../../tree/safe-path.ts';
import type { Stopwatch } from '../../tree/stopwatch.ts';
import type { CodeKind } from '../rule.ts';
import { type AuditFinding, fingerprints, lineIdentity } from '../scan/audit-finding.ts';
import { lineIndex } from '../scan/line-index.ts';
import { bandit } from './bandit.ts';
import type { ExternalTool, ToolFinding, ToolRun } from './external-tool.ts';
import { gitleaks } from './gitleaks.ts';
import { semgrep } from './semgrep.ts';

export const EXTERNAL_TOOLS: readonly ExternalTool[] = [bandit, semgrep, gitleaks];

export interface ToolFailure {
  readonly tool: string;
  readonly failure: Failure;
}

export interface ToolResults {
  readonly findings: readonly AuditFinding[];
  readonly skipped: readonly Skipped[];
  /** Tools that came to their end. */
  readonly ran: readonly string[];
  /** Tools that did not: their silence is no clean result. */
  readonly failed: readonly ToolFailure[];
}

/** Runs the scanners that are installed and have something to do, one after another. */
export async function runTools(
  context: ActionContext,
  files: readonly string[],
  kinds: readonly CodeKind[],
  stopwatch: Stopwatch,
): Promise<ToolResults> {
  const folder = await openFolder(context.workspace, '');
  const run = { context, folder, files };
  const results: ToolResults[] = [];
  for (const tool of EXTERNAL_TOOLS.filter(({ kind }) => kinds.includes(kind))) {
    const what = { tool: tool.name, files: tool.kind, count: files.length };
    if (tool.applies(run)) results.push(await stopwatch.time(what, () => runTool(tool, run)));
  }
  return {
    findings: results.flatMap(({ findings }) => findings),
    skipped: results.flatMap(({ skipped }) => skipped),
    ran: results.flatMap(({ ran }) => ran),
    failed: results.flatMap(({ failed }) => failed),
  };
}

const NOTHING: ToolResults = { findings: [], skipped: [], ran: [], failed: [] };

async function runTool(tool: ExternalTool, run: ToolRun): Promise<ToolResults> {
  if ((await run.context.find(tool.program)) === undefined) return missing(tool, run);
  try {
    const { findings, unread } = await tool.scan(run);
    const skipped = unread.map((message) => ({ tool: tool.name, reason: 'unreadable', message }));
    return { findings: await complete(tool, findings, run), skipped, ran: [tool.name], failed: [] };
  } catch (error) {
    if (error instanceof ActionError && error.failure.code === 'denied') return denied(tool, error.failure);
    if (error instanceof ActionError && error.failure.code === 'tool_failed') {
      return { ...NOTHING, failed: [{ tool: tool.name, failure: error.failure }] };
    }
    throw error;
  }
}

function missing(tool: ExternalTool, { folder }: ToolRun): ToolResults {
  const chosen = tool.chosen(folder);
  if (chosen === undefined) return NOTHING;
  const message = `${tool.name} is wanted by ${chosen} and not installed; only the built-in rules ran`;
  return { ...NOTHING, skipped: [{ tool: tool.name, reason: 'tool_missing', message, hint: tool.install }] };
}

function denied(tool: ExternalTool, failure: Failure): ToolResults {
  const hint = failure.hint === undefined ? {} : { hint: failure.hint };
  return { ...NOTHING, skipped: [{ tool: tool.name, reason: 'denied', message: failure.message, ...hint }] };
}

/** Gives findings their paths and fingerprints; those in files that are not scanned are left out. */
async function complete(
  tool: ExternalTool,
  found: readonly ToolFinding[],
  run: ToolRun,
): Promise<AuditFinding[]> {
  const { workspace } = run.context;
  const scanned = new Set(run.files);
  const fingerprint = fingerprints();
  const named = found
    .map((finding) => ({ ...finding, file: relativePath(workspace, resolve(workspace, finding.file)) }))
    .filter(({ file }) => scanned.has(file));
  const texts = new Map<string, ReturnType<typeof lineIndex>>();
  for (const file of new Set(named.map(({ file }) => file))) {
    texts.set(file, lineIndex(await readFile(join(workspace, file), 'utf8').catch(() => '')));
  }
  return named.map((finding) => {
    const { rule, file, line = 0, column = 1 } = finding;
    const text = lineIdentity(texts.get(file)?.lineText(line) ?? '', column);
    return { ...finding, tool: tool.name, kind: tool.kind, fingerprint: fingerprint({ rule, file, text }) };
  });
}
