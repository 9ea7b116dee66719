import { expect, test } from 'vitest';
import { nameAmongVersions } from './name-among-versions.ts';

const worker = (id: string, version: string) => ({ manifest: { id, version } });

test('[WRK-16] a worker is named with its version only where its id alone means another one', () => {
  const known = [worker('cnt', '3.0.0'), worker('cnt', '1.0.0'), worker('git', '1.2.0')];
  expect(known.map((one) => nameAmongVersions(one, known))).toEqual(['cnt', 'cnt@1.0.0', 'git']);
  expect(nameAmongVersions(worker('gone', '1.0.0'), known)).toBe('gone');
});
