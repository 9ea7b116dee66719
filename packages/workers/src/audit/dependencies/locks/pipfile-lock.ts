import { table, text } from '../../loose.ts';
import { pythonName } from '../python-version.ts';
import { type LockParser, locked } from './locked-package.ts';

/** Pipfile.lock: both groups. */
export const parsePipfileLock: LockParser = (content) => {
  const lock = table(JSON.parse(content));
  if (lock['_meta'] === undefined) throw new Error('_meta is missing');
  const entries = ['default', 'develop'].flatMap((group) => Object.entries(table(lock[group])));
  return locked(
    entries.flatMap(([named, value]) => {
      const version = /^={2,3}(.+)$/.exec(text(table(value)['version']) ?? '')?.[1];
      if (version === undefined) return [];
      return [
        { ecosystem: 'PyPI' as const, name: pythonName(named), version, anchor: `${JSON.stringify(named)}:` },
      ];
    }),
  );
};
