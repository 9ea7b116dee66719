import { describe } from 'vitest';
import { bombs } from './attempts/bombs.ts';
import { files } from './attempts/files.ts';
import { kernel } from './attempts/kernel.ts';
import { network } from './attempts/network.ts';
import { processes } from './attempts/processes.ts';
import { familyTest } from './family-test.ts';

// The protocol and the proxy lie outside of every box and are the same for all of them.
for (const family of [files, processes, network, kernel, bombs]) {
  describe('tier 3', () => familyTest(family, 'container'));
}
