import type { Store } from '../../../ports/store.ts';
import type { Life } from './schedule.ts';

/** Asks for one call of a store; answers when, and if, chance lets it. */
export type Ask = <T>(
  life: Life,
  call: { readonly what: string; readonly writes: boolean },
  work: () => Promise<T>,
) => Promise<T>;

const WRITES =
  /^(put|create|append|use|clear|note|acquire|renew|release|break|revoke|enter|leave|advance|transact|take|touch|withdraw|giveBack|supervise|set|claim|add|begin|end|replay|prune|emit|settle|forget|assign|pass)/;

// biome-ignore lint/suspicious/noExplicitAny: methods of any port.
type Method = (...given: any[]) => Promise<unknown>;

/** The same port as a process sees it: each call is one thing that happens, or does not. */
export function scheduledPort<T extends object>(name: string, port: T, life: Life, ask: Ask): T {
  const methods = Object.entries(port).map(([key, method]) => [
    key,
    (...given: unknown[]) =>
      ask(life, { what: `${name}.${key}`, writes: WRITES.test(key) }, () => (method as Method)(...given)),
  ]);
  return Object.fromEntries(methods) as T;
}

export function scheduledStore(store: Store, life: Life, ask: Ask): Store {
  type Key = Exclude<keyof Store, 'close' | 'shared' | 'stamp' | 'upkeep' | 'auditRemoval' | 'pools'>;
  const port = <K extends Key>(key: K): Store[K] => scheduledPort(key, store[key], life, ask);
  return {
    runs: port('runs'),
    leases: port('leases'),
    audit: port('audit'),
    grants: port('grants'),
    logs: port('logs'),
    groups: port('groups'),
    results: port('results'),
    files: port('files'),
    firings: port('firings'),
    events: port('events'),
    artifacts: port('artifacts'),
    streams: port('streams'),
    // Nothing is removed while one is simulated.
    upkeep: store.upkeep,
    auditRemoval: store.auditRemoval,
    pools: store.pools,
    close: () => Promise.resolve(),
  };
}
