import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '@cadre/sdk';
import { byCodeUnits } from '../tree/list-files.ts';

const NAME = /_(?<time>\d{8}T\d{6}Z)(?:-(?<number>\d+))?\.md(?:\.gz)?$/;

export function dumpFolder(context: ActionContext): string {
  return join(context.dataDir, 'dumps');
}

/** Names of the dumps, newest first: the time in a name sorts by age, then the number within its second. */
export async function listDumps(context: ActionContext): Promise<string[]> {
  const names = await readdir(dumpFolder(context)).catch(() => [] as string[]);
  const dumps = names.flatMap((name) => {
    const { time, number } = NAME.exec(name)?.groups ?? {};
    return time === undefined ? [] : [{ name, time, number: Number(number ?? 1) }];
  });
  dumps.sort((a, b) => byCodeUnits(b.time, a.time) || b.number - a.number);
  return dumps.map(({ name }) => name);
}
