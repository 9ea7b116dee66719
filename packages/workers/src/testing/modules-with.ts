import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../../..');

/** The `node_modules` that has a program: that of the test tools, or this repository's. */
export function modulesWith(program: string): string {
  const tools = join(root, 'scripts/test-tools/node_modules');
  return existsSync(join(tools, '.bin', program)) ? tools : join(root, 'node_modules');
}
