import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext, Change } from '@cadre/sdk';
import { writeAtomic } from '../../tree/write-atomic.ts';
import { type SarifInput, sarifName, toSarif } from './sarif.ts';
import { writeFile } from './write-file.ts';

export interface SarifWritten {
  readonly changes: readonly Change[];
  /** Absolute, outside the workspace. */
  readonly artifacts: readonly string[];
}

/** `true`: as an artifact in the worker's own folder; a text: to that path of the workspace; else not at all. */
export async function writeSarif(
  context: ActionContext,
  action: string,
  wanted: boolean | string | undefined,
  input: SarifInput,
): Promise<SarifWritten> {
  if (wanted === undefined || wanted === false) return { changes: [], artifacts: [] };
  const content = `${JSON.stringify(toSarif(input), undefined, 2)}\n`;
  if (typeof wanted === 'string') {
    const change = await writeFile(context, wanted, content);
    return { changes: change === undefined ? [] : [change], artifacts: [] };
  }
  await mkdir(context.dataDir, { recursive: true });
  const path = join(context.dataDir, sarifName(action, content));
  await writeAtomic(path, content);
  return { changes: [], artifacts: [path] };
}
