import { expect, test } from 'vitest';
import { keptVersions, versionPairs } from './kept-versions.ts';

test('[WRK-4] of one version its number is kept, of several all, the newest first and each once', () => {
  const kept = keptVersions([
    ['cnt', '1.0.0'],
    ['upper', '0.1.0'],
    ['cnt', '10.0.0'],
    ['cnt', '3.0.0'],
    ['cnt', '1.0.0'],
  ]);
  expect(kept).toEqual({ cnt: ['10.0.0', '3.0.0', '1.0.0'], upper: '0.1.0' });
  expect(keptVersions(versionPairs(kept))).toEqual(kept);
});
