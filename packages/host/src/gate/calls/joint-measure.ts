import { addUsage, type Usage } from '@cadre/core';

/**
 * What the processes of a call and of those that it calls have used, as one sum: processor time of all that there were, memory of those that
 * are there at once.
 */
export interface JointMeasure {
  /** Tells what one of them has used so far, all in all. */
  member(): { measure(usage: Usage): void; end(): void };
}

export function jointMeasure(told: (usage: Usage) => void): JointMeasure {
  const members = new Map<object, Usage>();
  let ended: Usage = {};
  const tell = () => {
    const all = [...members.values()];
    const sum = all.reduce(addUsage, ended);
    const memoryBytes = all.reduce((bytes, usage) => bytes + (usage.memoryBytes ?? 0), 0);
    told({ ...sum, ...(memoryBytes === 0 ? {} : { memoryBytes }) });
  };
  return {
    member() {
      const key = {};
      return {
        measure(usage) {
          members.set(key, usage);
          tell();
        },
        end() {
          const { memoryBytes: _, ...used } = members.get(key) ?? {};
          members.delete(key);
          ended = addUsage(ended, used);
        },
      };
    },
  };
}
