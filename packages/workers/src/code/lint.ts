import { defineAction, type Finding } from '@cadre/sdk';
import { type LintPass, lintPass } from './built-in/lint-pass.ts';
import { changedSources } from './changes.ts';
import type { CodeInput } from './input.ts';
import { judgeCheck } from './judge-check.ts';
import type { ToolResult } from './run-tool.ts';
import {
  type CodeReport,
  finishWork,
  formatFiles,
  openWork,
  prepareTools,
  runStage,
  type Work,
} from './work.ts';

/** Fixes what the linters of the repository can fix, lays the fixed files out again, and says what is left. */
export const lint = defineAction<CodeInput, CodeReport>(async (input, context) => {
  const work = await openWork(context, input);
  await prepareTools(work);
  const result = input.check ? await checkOnly(work) : await fixAndFormat(work);
  return judgeCheck(await finishWork(work, 'lint', result, async () => []), input, context);
});

/** The findings are those of the files as they are; fixing the copy tells which files would change. */
async function checkOnly(work: Work): Promise<ToolResult> {
  const found = await lintFiles(work, 'inspect');
  await lintFiles(work, 'fix');
  return found;
}

async function fixAndFormat(work: Work): Promise<ToolResult> {
  const fixed = await lintFiles(work, 'fix');
  const paths = new Set((await changedSources(work.sources, work.scratch)).map(({ path }) => path));
  if (paths.size === 0) return fixed;
  const formatted = await formatFiles(work, paths);
  // The lines of these files have moved, and a later tool may have put right what an earlier one found.
  const again = await lintFiles(work, 'inspect', paths);
  const untouched = (finding: Finding) => !paths.has(finding.file);
  return {
    findings: [...fixed.findings.filter(untouched), ...again.findings],
    skipped: [...fixed.skipped, ...formatted.skipped],
  };
}

async function lintFiles(
  work: Work,
  mode: 'fix' | 'inspect',
  paths?: ReadonlySet<string>,
): Promise<ToolResult> {
  const byTools = await runStage(work, 'lint', mode, paths);
  if (!work.withBuiltIn) return byTools;
  const linted = work.choices.filter(({ tool, program }) => tool.stage === 'lint' && program !== undefined);
  const pass: LintPass = {
    scratch: work.scratch,
    stopwatch: work.stopwatch,
    sources: work.sources.filter(({ path }) => paths?.has(path) ?? true),
    linted: new Set(linted.flatMap((choice) => choice.paths)),
  };
  const builtIn = await lintPass(pass, mode);
  return {
    findings: [...byTools.findings, ...builtIn.findings],
    skipped: [...byTools.skipped, ...builtIn.skipped],
  };
}
