import { ActionError } from '@cadre/sdk';
import type { Advisory } from './advisory.ts';
import { readOsvFolder } from './read-osv-folder.ts';

export interface CollectedOsv {
  readonly advisories: readonly Advisory[];
  /** Day of the newest record. */
  readonly until: string;
  /** Records that are withdrawn or about other ecosystems. */
  readonly others: number;
  readonly invalid: readonly { readonly path: string; readonly problem: string }[];
}

/** All advisories of a folder. Throws ActionError `invalid_advisories` when there is not one. */
export async function collectOsv(folder: string, name: string, signal: AbortSignal): Promise<CollectedOsv> {
  const advisories: Advisory[] = [];
  const invalid: { path: string; problem: string }[] = [];
  let others = 0;
  let newest = '';
  for await (const { path, record } of readOsvFolder(folder, signal)) {
    if (record.kind === 'invalid') invalid.push({ path, problem: record.problem });
    if (record.kind === 'other') others += 1;
    if (record.kind !== 'advisory') continue;
    advisories.push(record.advisory);
    if (record.modified > newest) newest = record.modified;
  }
  if (advisories.length > 0) return { advisories, until: newest.slice(0, 10), others, invalid };
  const [first] = invalid;
  const why = first === undefined ? 'there is none' : `${first.path}: ${first.problem}`;
  throw new ActionError('invalid_advisories', `no advisory of ${name} can be used: ${why}`, {
    hint: 'name a folder with the unpacked records of osv.dev, one JSON file each',
  });
}
