import { describe } from 'vitest';
import { cannotLimit } from '../sandboxed.ts';
import { bombs } from './attempts/bombs.ts';
import { files } from './attempts/files.ts';
import { kernel } from './attempts/kernel.ts';
import { network } from './attempts/network.ts';
import { processes } from './attempts/processes.ts';
import { familyTest } from './family-test.ts';

const isLimited = !cannotLimit('memory') && !cannotLimit('processes');
if (!isLimited)
  describe.skip('tier 4: using up the machine (SKIPPED: nothing limits memory or processes here)', () => {});
// The other machine is this one, so that the same is around it; the protocol and the proxy are the same for all tiers.
for (const family of [files, processes, network, kernel, ...(isLimited ? [bombs] : [])]) {
  describe('tier 4', () => familyTest(family, 'remote'));
}
