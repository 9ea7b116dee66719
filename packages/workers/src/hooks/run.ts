import { type ActionContext, ActionError, defineAction, skip } from '@cadre/sdk';
import { structuredPatch } from 'diff';
import { applyFixes, recoverFixes } from './apply/apply-fixes.ts';
import type { Fix } from './apply/work-tree.ts';
import { openCleanFiles } from './clean-files.ts';
import { findConfigs, planConfig, readConfig } from './configs.ts';
import type { Hook } from './hook.ts';
import { needsContent } from './identify/identify.ts';
import { type QuickInput, quickHooks } from './quick.ts';
import { endLines, type HooksReport, reportOf } from './report.ts';
import { cleanFiles, type HookEnd, runHooks } from './run-hooks.ts';
import { filesToCheck } from './snapshot/files-to-check.ts';
import { openRepository } from './snapshot/repository.ts';
import { openSnapshot, type Snapshot } from './snapshot/snapshot.ts';

export interface RunInput {
  /** Default `pre-commit`. */
  readonly stage?: string;
  /** All files of the index instead of the staged ones. */
  readonly all?: boolean;
  /** Only these, relative to the repository, as they are staged. */
  readonly files?: readonly string[];
  /** Only these configurations, relative to the repository. */
  readonly configs?: readonly string[];
  /** Ids, aliases and tags of hooks that are not to run. */
  readonly skip?: readonly string[];
  /** What git names in `GIT_INDEX_FILE` when it calls a hook; empty for the usual index. */
  readonly indexFile?: string;
  /** What the profile `quick` comes to: where nothing else is configured, or where a configuration calls us. */
  readonly quick?: QuickInput;
}

/**
 * Runs the hooks of a repository, or without any the profile `quick`, on exactly what is staged. What they mend is staged and written to the work tree
 * beside edits that are not staged. Fails with `hooks_failed` (details: the report), `overlaps_unstaged`,
 * `changed_meanwhile`, `invalid_config`, `unmerged`, `not_a_repository`.
 */
export const run = defineAction(async (input: RunInput, context): Promise<HooksReport> => {
  const repository = await openRepository(context, input.indexFile || undefined);
  if (context.mode === 'apply') await recoverFixes(context, repository.gitDir);
  const snapshot = await openSnapshot(context, repository);
  const paths = await filesToCheck(context, snapshot, input);
  const configs = input.configs ?? findConfigs(snapshot);
  const clean = await openCleanFiles(context, snapshot, await circumstances(snapshot, configs, input));
  await snapshot.load(
    paths.filter((path) => !clean.has(path) || needsContent(path, snapshot.entries.get(path)?.mode ?? '')),
  );
  const hooks = await planAll(context, snapshot, configs, paths, input);
  const ends = await runHooks(context, hooks, { snapshot, clean }, (end) => tell(context, end));
  await clean.remember(cleanFiles(ends, snapshot));
  const fixes = fixesOf(snapshot, ends);
  const report = reportOf(ends, fixes, paths.length);
  if (context.mode === 'preview') showEffects(context, fixes);
  else await applyFixes(context, snapshot, fixes);
  const failed = ends.filter(({ status }) => status === 'failed');
  if (failed.length > 0 && context.mode === 'apply') throw hooksFailed(report, failed);
  return report;
});

/** What the checks of a file depend on besides the file. */
async function circumstances(
  snapshot: Snapshot,
  configs: readonly string[],
  input: RunInput,
): Promise<readonly string[]> {
  const texts = await Promise.all(configs.map((config) => readConfig(config, snapshot)));
  const state = JSON.stringify([input.stage, input.skip, snapshot.repository.inMerge]);
  return [state, ...texts.map((text) => text ?? '')];
}

async function planAll(
  context: ActionContext,
  snapshot: Snapshot,
  configs: readonly string[],
  paths: readonly string[],
  input: RunInput,
): Promise<readonly Hook[]> {
  const stage = input.stage ?? 'pre-commit';
  const asked = { context, snapshot, stage, paths, skip: new Set(input.skip) };
  const quick = quickHooks(asked, input.quick ?? {});
  if (configs.length === 0 && quick.length > 0) return quick;
  if (configs.length === 0)
    throw skip('nothing_to_do', 'the repository has neither .pre-commit-config.yaml nor lefthook.yml');
  const request = { ...asked, quick };
  const hooks: Hook[] = [];
  for (const config of configs) hooks.push(...(await planConfig(config, request)));
  return hooks;
}

function tell(context: ActionContext, end: HookEnd): void {
  const level = end.status === 'failed' ? 'error' : 'info';
  for (const line of endLines(end)) context.log(level, line);
}

/** What is staged in the end is what at least one hook that stages its changes has touched. */
function fixesOf(snapshot: Snapshot, ends: readonly HookEnd[]): readonly Fix[] {
  const staging = ends.filter(({ hook, code }) => hook.stagesChanges && (hook.failsOnChange || code === 0));
  const staged = new Set(staging.flatMap(({ changed }) => changed));
  return snapshot.changed().map((path) => ({
    path,
    before: snapshot.original(path),
    after: snapshot.current(path),
    stage: staged.has(path),
  }));
}

function showEffects(context: ActionContext, fixes: readonly Fix[]): void {
  for (const { path, before, after } of fixes) {
    const change = before === undefined ? 'created' : after === undefined ? 'deleted' : 'modified';
    const diff = diffOf(path, before?.content, after?.content);
    context.effect({ kind: 'file', change, path, ...(diff === undefined ? {} : { diff }) });
  }
}

function diffOf(path: string, before: Buffer | undefined, after: Buffer | undefined): string | undefined {
  if (before === undefined || after === undefined || before.includes(0) || after.includes(0))
    return undefined;
  const { hunks } = structuredPatch(path, path, before.toString(), after.toString());
  const lines = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ]);
  return [`--- a/${path}`, `+++ b/${path}`, ...lines, ''].join('\n');
}

function hooksFailed(report: HooksReport, failed: readonly HookEnd[]): ActionError {
  const lines = failed.flatMap(endLines);
  const fixed = report.changes.length;
  return new ActionError('hooks_failed', [report.summary, ...lines].join('\n'), {
    hint:
      fixed === 0
        ? 'mend what the hooks name and stage it'
        : `${fixed} ${fixed === 1 ? 'file was' : 'files were'} fixed and staged; look at the changes and commit again`,
    details: JSON.parse(JSON.stringify(report)),
  });
}
