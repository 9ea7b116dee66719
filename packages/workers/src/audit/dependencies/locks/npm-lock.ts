import { type Loose, table, text } from '../../loose.ts';
import { type LockedPackage, type LockParser, locked } from './locked-package.ts';

const DEPENDENCY_KEYS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
const FOLDER = 'node_modules/';

/** package-lock.json and npm-shrinkwrap.json, versions 1 to 3. */
export const parseNpmLock: LockParser = (content) => {
  const lock = table(JSON.parse(content));
  if (lock['packages'] !== undefined) return locked(fromPackages(table(lock['packages'])));
  if (lock['lockfileVersion'] === undefined) throw new Error('lockfileVersion is missing');
  return locked(fromDependencies(table(lock['dependencies'])));
};

function fromPackages(packages: Loose): LockedPackage[] {
  const root = table(packages['']);
  const direct = new Set(DEPENDENCY_KEYS.flatMap((key) => Object.keys(table(root[key]))));
  return Object.entries(packages).flatMap(([path, value]) => {
    const entry = table(value);
    const version = text(entry['version']);
    const start = path.lastIndexOf(FOLDER);
    // Links, and packages of the repository itself, are no dependencies of the registry.
    if (start === -1 || version === undefined || entry['link'] === true) return [];
    const installed = path.slice(start + FOLDER.length);
    const name = text(entry['name']) ?? installed;
    return [
      {
        ecosystem: 'npm' as const,
        name,
        version,
        direct: start === 0 && direct.has(installed),
        anchor: `${JSON.stringify(path)}:`,
      },
    ];
  });
}

/** Version 1 nests what is nested on disk. A stack of our own, because a hostile file may nest without end. */
function fromDependencies(top: Loose): LockedPackage[] {
  const found: LockedPackage[] = [];
  const waiting: Loose[] = [top];
  for (let level = waiting.pop(); level !== undefined; level = waiting.pop()) {
    for (const [key, value] of Object.entries(level)) {
      const entry = table(value);
      const resolved = registryVersion(key, text(entry['version']) ?? '');
      if (resolved !== undefined)
        found.push({ ecosystem: 'npm', ...resolved, anchor: `${JSON.stringify(key)}:` });
      if (entry['dependencies'] !== undefined) waiting.push(table(entry['dependencies']));
    }
  }
  return found;
}

/** `1.2.3`, or `npm:other@1.2.3` for another name; addresses and folders are not of the registry. */
function registryVersion(key: string, version: string): { name: string; version: string } | undefined {
  const alias = /^npm:(@?[^@]+)@(.+)$/.exec(version);
  if (alias !== null) return { name: alias[1] ?? key, version: alias[2] ?? '' };
  return /^\d/.test(version) ? { name: key, version } : undefined;
}
