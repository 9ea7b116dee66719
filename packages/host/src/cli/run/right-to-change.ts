import { statSync } from 'node:fs';
import { rightToRelease } from './right-to-release.ts';

/** By what right this process changes what the whole workspace uses; undefined: by none. */
export function rightToChange(dataDir: string): string | undefined {
  return rightToRelease({ self: process.getuid?.(), holder: undefined, workspace: statSync(dataDir).uid });
}
