import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ownModules = join(import.meta.dirname, '../../../../node_modules');

/** The `node_modules` that has a program: this repository's, or one named for tests of what it does not install. */
export function modulesWith(program: string): string {
  const extra = process.env['CADRE_TEST_NODE_MODULES'] ?? ownModules;
  return existsSync(join(extra, '.bin', program)) ? extra : ownModules;
}

export function isInstalled(program: string): boolean {
  if (existsSync(join(modulesWith(program), '.bin', program))) return true;
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
