import { afterEach, beforeEach, describe } from 'vitest';
import { SAMPLE_DEFINITION } from '../testing/sample-events.ts';
import { artifactContract } from './artifacts.contract.ts';
import { auditRemovalContract } from './audit-removal.contract.ts';
import { auditContract } from './audit-store.contract.ts';
import { eventContract } from './event-store.contract.ts';
import { firingContract } from './firing-store.contract.ts';
import { grantContract } from './grant-store.contract.ts';
import { groupContract } from './group-store.contract.ts';
import { leaseContract } from './lease-store.contract.ts';
import { poolContract } from './pool-store.contract.ts';
import { resultCacheContract } from './result-cache.contract.ts';
import { besideContract, recordContract, runContract } from './run-store.contract.ts';
import type { Store } from './store.ts';
import { streamContract } from './stream-store.contract.ts';
import { upkeepContract } from './upkeep.contract.ts';

/** What every store keeps, whatever it is made of. `open` gives an empty one. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`store contract: ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
      await store.runs.putDefinition('h1', SAMPLE_DEFINITION, 1);
    });
    afterEach(() => store.close());

    runContract(() => store);
    recordContract(() => store);
    besideContract(() => store);
    leaseContract(() => store);
    auditContract(() => store);
    auditRemovalContract(() => store);
    grantContract(() => store);
    groupContract(() => store);
    resultCacheContract(() => store);
    firingContract(() => store);
    eventContract(() => store);
    streamContract(() => store);
    upkeepContract(() => store);
    artifactContract(() => store);
    poolContract(() => store);
  });
}
