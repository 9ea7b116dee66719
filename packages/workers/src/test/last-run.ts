import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '@cadre/kit/files';
import type { ActionContext } from '@cadre/sdk';
import type { FailedTest } from './runner.ts';

export type FailedTests = readonly (FailedTest & { readonly key: string })[];

/** What a run leaves for the next one. */
export interface LastRun {
  readonly failed: FailedTests;
  /** Lines covered in percent, when that was measured. */
  readonly coverage?: number;
}

/**
 * Two files, because the host counts the first among what a result rests on and not the second: which tests failed decides
 * what `lastFailed` runs; the coverage of before is only compared with.
 */
const FAILED = 'last-run.json';
const COVERAGE = 'last-coverage.json';

/** Empty before the first run, and when what an older version left cannot be read. */
export async function readLastRun({ dataDir }: ActionContext): Promise<LastRun> {
  const { failed = [] } = await read(join(dataDir, FAILED));
  const { coverage } = await read(join(dataDir, COVERAGE));
  return { failed, ...(coverage === undefined ? {} : { coverage }) };
}

/** What did not change is not written: no tests that failed are the same as no file. */
export async function writeLastRun(context: ActionContext, { failed, coverage }: LastRun): Promise<void> {
  const before = await readLastRun(context);
  const { dataDir } = context;
  if (coverage !== undefined && coverage !== before.coverage)
    await writeAtomic(join(dataDir, COVERAGE), JSON.stringify({ coverage }));
  if (JSON.stringify(failed) !== JSON.stringify(before.failed))
    await writeAtomic(join(dataDir, FAILED), JSON.stringify({ failed }));
}

async function read(path: string): Promise<Partial<LastRun>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<LastRun>;
  } catch {
    return {};
  }
}
