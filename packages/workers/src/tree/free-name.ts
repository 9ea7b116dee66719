import { join } from 'node:path';
import { isThere } from './is-there.ts';
import { plainName, timeStamp } from './time-stamp.ts';

/** `<name>_<UTC time><suffix>`, with a number when the folder has one of this very second already. */
export async function freeName(folder: string, name: string, suffix: string): Promise<string> {
  const start = `${plainName(name)}_${timeStamp(new Date())}`;
  for (let number = 1; ; number++) {
    const candidate = `${start}${number === 1 ? '' : `-${number}`}${suffix}`;
    if (!(await isThere(join(folder, candidate)))) return candidate;
  }
}
