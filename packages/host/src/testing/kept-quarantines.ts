import type { Quarantine, QuarantineStore } from '../ports/pool-store.ts';

/** For one process. */
export function keptQuarantines(): QuarantineStore {
  const kept = new Map<string, Quarantine>();
  return {
    async put(quarantine) {
      if (!kept.has(quarantine.worker)) kept.set(quarantine.worker, quarantine);
    },
    find: async (worker) => kept.get(worker),
    list: async () => [...kept.values()],
    clear: async (worker) => kept.delete(worker),
  };
}
