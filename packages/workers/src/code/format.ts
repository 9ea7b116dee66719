import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineAction, type Finding } from '@cadre/sdk';
import type { CodeInput } from './input.ts';
import { judgeCheck } from './judge-check.ts';
import type { Source } from './sources.ts';
import { firstDifference } from './unified-diff.ts';
import { type CodeReport, finishWork, formatFiles, openWork, prepareTools, type Work } from './work.ts';

/** Lays out files with the formatters of the repository, and what they leave with the built-in pass. */
export const format = defineAction<CodeInput, CodeReport>(async (input, context) => {
  const work = await openWork(context, input);
  await prepareTools(work);
  const result = await formatFiles(work);
  const report = await finishWork(work, 'format', result, (source) => notFormatted(work, source));
  return judgeCheck(report, input, context);
});

async function notFormatted({ workspace, scratch }: Work, { path }: Source): Promise<Finding[]> {
  const before = await readFile(join(workspace, path)).catch(() => undefined);
  if (before === undefined) return [];
  return [
    {
      tool: 'code',
      rule: 'not-formatted',
      severity: 'low',
      confidence: 'high',
      file: path,
      line: firstDifference(before, await scratch.read(path)),
      message: 'the file is not laid out as its formatter would do it',
      fix: 'run code/format without `check`',
    },
  ];
}
