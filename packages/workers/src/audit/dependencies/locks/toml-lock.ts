import { parse } from 'smol-toml';
import { type Loose, list, table, text } from '../../loose.ts';
import type { Ecosystem } from '../ecosystem.ts';
import { pythonName } from '../python-version.ts';
import { type LockedPackage, type LockParser, locked } from './locked-package.ts';

/** Cargo.lock. A package without a source is part of the workspace. */
export const parseCargoLock: LockParser = (content) =>
  packagesOf(content, 'crates.io', ({ source }) => /^(?:registry|sparse)\+/.test(text(source) ?? ''));

/** uv.lock, poetry.lock and pdm.lock. Packages from folders, files and repositories are not of the registry. */
export const parsePythonLock: LockParser = (content) =>
  packagesOf(content, 'PyPI', (entry) => {
    const source = table(entry['source']);
    const kinds = [...Object.keys(source), text(source['type']) ?? ''];
    return !kinds.some((kind) => ['virtual', 'editable', 'directory', 'path', 'file', 'git'].includes(kind));
  });

function packagesOf(content: string, ecosystem: Ecosystem, isPublished: (entry: Loose) => boolean) {
  const entries = list(table(parse(content))['package']).map(table);
  if (entries.length === 0 && content.includes('[[package]]')) throw new Error('its packages cannot be read');
  return locked(entries.filter(isPublished).flatMap((entry) => packageOf(entry, ecosystem)));
}

function packageOf(entry: Loose, ecosystem: Ecosystem): LockedPackage[] {
  const named = text(entry['name']);
  const version = text(entry['version']);
  if (named === undefined || version === undefined) return [];
  const name = ecosystem === 'PyPI' ? pythonName(named) : named;
  return [{ ecosystem, name, version, anchor: `name = "${named}"\nversion = "${version}"` }];
}
