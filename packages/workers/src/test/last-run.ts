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

const FILE = 'last-run.json';

/** Empty before the first run, and when what an older version left cannot be read. */
export async function readLastRun({ dataDir }: ActionContext): Promise<LastRun> {
  const text = await readFile(join(dataDir, FILE), 'utf8').catch(() => '{}');
  const { failed = [], coverage } = parse(text);
  return { failed, ...(coverage === undefined ? {} : { coverage }) };
}

export async function writeLastRun({ dataDir }: ActionContext, last: LastRun): Promise<void> {
  await writeAtomic(join(dataDir, FILE), JSON.stringify(last));
}

function parse(text: string): Partial<LastRun> {
  try {
    return JSON.parse(text) as Partial<LastRun>;
  } catch {
    return {};
  }
}
