import type { Change, Finding, Skipped, StepReport } from '@cadre/sdk';
import { blobId } from '../tree/blob-id.ts';
import { lastLines } from '../tree/last-lines.ts';
import type { Fix } from './apply/work-tree.ts';
import { cannotRun } from './hook.ts';
import type { HookEnd } from './run-hooks.ts';

/** What `run` answers, and what the details of its failure hold. */
export interface HooksReport extends StepReport {
  readonly hooks: readonly HookReport[];
}

export interface HookReport {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly status: HookEnd['status'];
  readonly code: number;
  readonly durationMs: number;
  /** How many files it looked at. */
  readonly files: number;
  readonly changed: readonly string[];
  readonly output: string;
}

const SHOWN_LINES = 200;
const WIDTH = 79;
const WORDS: Readonly<Record<HookEnd['status'], string>> = {
  passed: 'Passed',
  failed: 'Failed',
  skipped: 'Skipped',
  not_run: 'Not run',
};

export function reportOf(ends: readonly HookEnd[], fixes: readonly Fix[], files: number): HooksReport {
  const count = (status: HookEnd['status']) => ends.filter((end) => end.status === status).length;
  const failed = ends.filter(({ status }) => status === 'failed');
  return {
    summary: summaryOf(ends, fixes.length, files),
    changes: fixes.map(changeOf),
    findings: failed.map(findingOf),
    metrics: {
      files,
      hooks: ends.length,
      passed: count('passed'),
      failed: failed.length,
      skipped: count('skipped'),
      changed: fixes.length,
    },
    artifacts: [],
    skipped: ends.filter(({ hook }) => cannotRun(hook)).map(skippedOf),
    hooks: ends.map(({ hook, status, code, durationMs, changed, output }) => ({
      id: hook.id,
      name: hook.name,
      source: hook.source,
      status,
      code,
      durationMs: Math.round(durationMs),
      files: hook.paths.length,
      changed,
      output: lastLines(output, SHOWN_LINES).join('\n'),
    })),
  };
}

/** As pre-commit prints it: a line with dots, and below it what there is to say. */
export function endLines({ hook, status, code, durationMs, changed, output }: HookEnd): readonly string[] {
  const note = status === 'skipped' ? `(${hook.skipped?.message})` : '';
  const dots = '.'.repeat(Math.max(3, WIDTH - hook.name.length - note.length - WORDS[status].length));
  const line = `${hook.name}${dots}${note}${WORDS[status]}`;
  if (status !== 'failed' && !(hook.verbose && status === 'passed')) return [line];
  return [
    line,
    `- hook id: ${hook.id}`,
    `- duration: ${(durationMs / 1_000).toFixed(2)}s`,
    ...(code === 0 ? [] : [`- exit code: ${code}`]),
    ...(changed.length === 0 ? [] : ['- files were modified by this hook']),
    ...(output.trim() === '' ? [] : ['', output.trim(), '']),
  ];
}

function summaryOf(ends: readonly HookEnd[], changed: number, files: number): string {
  const parts = (['passed', 'failed', 'skipped', 'not_run'] as const)
    .map((status) => ({ status, number: ends.filter((end) => end.status === status).length }))
    .filter(({ number }) => number > 0)
    .map(({ status, number }) => `${number} ${WORDS[status].toLowerCase()}`);
  const fixed = changed === 0 ? '' : `, ${changed} ${changed === 1 ? 'file' : 'files'} fixed`;
  return `${ends.length} hooks on ${files} files: ${parts.join(', ')}${fixed}`;
}

function changeOf({ path, before, after }: Fix): Change {
  const created = before?.content === undefined;
  return {
    path,
    change: created ? 'created' : after === undefined ? 'deleted' : 'modified',
    before: created ? null : blobId(before.content),
  };
}

function findingOf({ hook, output, changed }: HookEnd): Finding {
  return {
    tool: hook.id,
    rule: hook.id,
    severity: 'medium',
    confidence: 'high',
    file: changed[0] ?? hook.paths[0] ?? hook.source,
    message: lastLines(output, SHOWN_LINES)[0] ?? `${hook.name} failed`,
  };
}

function skippedOf({ hook }: HookEnd): Skipped {
  const { reason = 'unsupported', message = '', hint } = hook.skipped ?? {};
  return {
    tool: hook.id,
    reason,
    message: `${hook.name} (${hook.source}) cannot run: ${message}`,
    ...(hint === undefined ? {} : { hint }),
  };
}
