import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkedWorker } from '../testing/checked-worker.ts';
import type { TemporaryRepository } from '../testing/temporary-repository.ts';
import type { HookReport, HooksReport } from './report.ts';
import { worker } from './worker.ts';

export const hooksWorker = checkedWorker(dirname(fileURLToPath(import.meta.url)), worker);

export interface HooksRun {
  readonly code: string | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  readonly report: HooksReport | undefined;
  hook(id: string): HookReport | undefined;
}

/** Runs the hooks; a run that fails is an answer as well. */
export async function runHooksIn(
  { path }: Pick<TemporaryRepository, 'path'>,
  input: object = {},
  mode: 'apply' | 'preview' = 'apply',
): Promise<HooksRun> {
  const { outcome } = await hooksWorker.run('run', input, { workspace: path, mode });
  const failure = outcome.ok ? undefined : outcome.failure;
  const data = outcome.ok ? outcome.output : outcome.failure.details;
  const report = isReport(data) ? data : undefined;
  return {
    code: failure?.code,
    message: failure?.message ?? '',
    hint: failure?.hint,
    report,
    hook: (id) => report?.hooks.find((hook) => hook.id === id),
  };
}

function isReport(data: unknown): data is HooksReport {
  return typeof data === 'object' && data !== null && 'hooks' in data;
}

/** The content that the index holds, byte for byte. */
export function stagedContent({ path }: Pick<TemporaryRepository, 'path'>, file: string): string {
  return execFileSync('git', ['cat-file', 'blob', `:${file}`], { cwd: path, encoding: 'latin1' });
}

/** A configuration of standard hooks, each by its id or with settings. */
export function standardHooks(...hooks: readonly (string | Record<string, unknown>)[]): string {
  const list = hooks.map((hook) => (typeof hook === 'string' ? { id: hook } : hook));
  const repo = 'https://github.com/pre-commit/pre-commit-hooks';
  return JSON.stringify({ repos: [{ repo, rev: 'v5.0.0', hooks: list }] });
}

export function localHooks(...hooks: readonly Record<string, unknown>[]): string {
  return JSON.stringify({ repos: [{ repo: 'local', hooks }] });
}
