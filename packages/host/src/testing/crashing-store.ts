import type { Store } from '../ports/store.ts';
import { type Method, wrapPorts } from './wrap-ports.ts';

export interface Crash {
  /** The write at which the process dies, from 1. */
  readonly at: number;
  /** Whether that write still reaches the disk. */
  readonly when: 'before' | 'after';
  /** Told at that moment, so that the rest of the process can be stopped too. */
  readonly died: () => void;
}

/**
 * A store whose process dies at its n-th write. From then on nothing that is asked of it is ever answered: that is what
 * a killed process sees of its own calls.
 */
export function crashingStore(store: Store, crash: Crash): Store & { readonly writes: () => number } {
  let writes = 0;
  let dead = false;
  const never = new Promise<never>(() => undefined);

  const write =
    (method: Method): Method =>
    async (...given) => {
      writes += 1;
      if (dead) return never;
      if (writes < crash.at) return method(...given);
      dead = true;
      crash.died();
      if (crash.when === 'after') await method(...given);
      return never;
    };
  const read =
    (method: Method): Method =>
    async (...given) => {
      const answer = await (dead ? never : method(...given));
      return dead ? never : answer;
    };

  const ports = wrapPorts(store, (method, name, port) => {
    if (UNTOUCHED.has(port) || (port === 'artifacts' && !OF_RUNS.has(name))) return method;
    return READS.test(name) ? read(method) : write(method);
  });
  return { ...ports, writes: () => writes };
}

/** No run is removed, and no pool is looked after, while one crashes. */
const UNTOUCHED: ReadonlySet<string> = new Set(['upkeep', 'pools']);

/** Of the artifacts, what runs do with them. */
const OF_RUNS: ReadonlySet<string> = new Set(['put', 'putFile', 'use', 'read']);

const READS = /^(get|find|list|read|is|count)|^(first|newest|nextReady|lastNumber|keyAt)$/;
