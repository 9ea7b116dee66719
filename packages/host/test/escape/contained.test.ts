import { describe } from 'vitest';
import { isLimited } from '../contained.ts';
import { bombs } from './attempts/bombs.ts';
import { files } from './attempts/files.ts';
import { kernel } from './attempts/kernel.ts';
import { network } from './attempts/network.ts';
import { processes } from './attempts/processes.ts';
import { familyTest } from './family-test.ts';

// The protocol and the proxy lie outside of every box and are the same for all of them.
// A bomb where nothing limits it would go off outside as well.
if (!isLimited)
  describe.skip('tier 3: using up the machine (SKIPPED: nothing limits containers here)', () => {});
for (const family of [files, processes, network, kernel, ...(isLimited ? [bombs] : [])]) {
  describe('tier 3', () => familyTest(family, 'container'));
}
