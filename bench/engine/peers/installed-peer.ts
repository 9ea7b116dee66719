import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isInstalled } from '../../../scripts/installed-program.ts';

const PACKAGES = join(import.meta.dirname, 'node_modules');

/** What of these is not here, packages of this folder and programs of the system, with how to bring it. */
export function lacking(packages: readonly string[], programs: Readonly<Record<string, string>> = {}) {
  return (): string | undefined => {
    const how = [
      ...packages
        .filter((name) => !hasPackage(name))
        .map((name) => `npm install --ignore-scripts in peers (${name})`),
      ...Object.entries(programs)
        .filter(([program]) => !isInstalled(program))
        .map(([, system]) => `apt-get install ${system}`),
    ];
    return how.length === 0 ? undefined : how.join('; ');
  };
}

export const peerFile = (...path: string[]) => join(PACKAGES, ...path);

/** A package that is compared with and that the project does not have: its types are not here either. */
export const importPeer = (name: string) => import(name);

function hasPackage(name: string): boolean {
  return existsSync(join(PACKAGES, name, 'package.json'));
}
