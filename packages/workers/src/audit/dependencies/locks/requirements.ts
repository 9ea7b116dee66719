import { pythonName } from '../python-version.ts';
import { type LockedPackage, type LockParser, locked } from './locked-package.ts';

const PINNED = /^([A-Za-z\d][\w.-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*([^\s;,#*\\]+)(?=[\s;#\\]|$)/;
const NAMED = /^[A-Za-z\d][\w.-]*\s*(?:\[[^\]]*\])?\s*(?:[<>=!~;@\s#]|$)/;

/** requirements.txt: what is pinned with `==`. Options, addresses and files that it includes stand for themselves. */
export const parseRequirements: LockParser = (content) => {
  if (content.includes('\0')) throw new Error('it is not text');
  const lines = content.split(/\r?\n/).map((line) => line.trim());
  const packages: LockedPackage[] = [];
  let unpinned = 0;
  for (const line of lines) {
    const [anchor, name, version] = PINNED.exec(line) ?? [];
    if (name !== undefined && version !== undefined && anchor !== undefined) {
      packages.push({ ecosystem: 'PyPI', name: pythonName(name), version, direct: true, anchor });
    } else if (NAMED.test(line)) unpinned += 1;
  }
  return locked(packages, unpinned);
};
