import type { SharedStore } from '../ports/shared-journal.ts';
import type { Store } from '../ports/store.ts';
import type { Crash } from './crashing-store.ts';

// biome-ignore lint/suspicious/noExplicitAny: methods of any port.
type Method = (...given: any[]) => Promise<unknown>;

const APPENDS: ReadonlySet<string> = new Set(['create', 'append', 'advance']);

export interface CrashingAppends extends Store {
  readonly appends: () => number;
  /** From now on appends count. */
  readonly arm: () => void;
}

/**
 * A store whose process dies at its n-th append to a journal, be it of its own runs or of shared ones. From then on nothing
 * is answered, and nothing is heard.
 */
export function crashingAppends(store: Store, crash: Crash, armed = true): CrashingAppends {
  let appends = 0;
  let dead = false;
  const never = new Promise<never>(() => undefined);

  async function call<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (dead) return never;
    if (armed && APPENDS.has(name)) {
      appends += 1;
      if (appends === crash.at) {
        dead = true;
        crash.died();
        if (crash.when === 'after') await work();
        return never;
      }
    }
    const answer = await work();
    return dead ? never : answer;
  }

  const port = <T extends object>(methods: T): T =>
    Object.fromEntries(
      Object.entries(methods).map(([name, method]) => [
        name,
        (...given: unknown[]) => call(name, () => (method as Method)(...given)),
      ]),
    ) as T;

  const {
    runs,
    leases,
    audit,
    grants,
    logs,
    groups,
    results,
    files,
    firings,
    events,
    streams,
    upkeep,
    artifacts,
    pools,
    shared,
  } = store;
  return {
    appends: () => appends,
    arm() {
      armed = true;
    },
    runs: port(runs),
    leases: port(leases),
    audit: port(audit),
    grants: port(grants),
    logs: port(logs),
    groups: port(groups),
    results: port(results),
    files: port(files),
    firings: port(firings),
    events: port(events),
    streams: port(streams),
    upkeep: port(upkeep),
    artifacts: port(artifacts),
    pools,
    ...(shared === undefined ? {} : { shared: crashingShared(shared, port, call, () => dead) }),
    close: () => store.close(),
  };
}

function crashingShared(
  shared: SharedStore,
  port: <T extends object>(methods: T) => T,
  call: <T>(name: string, work: () => Promise<T>) => Promise<T>,
  isDead: () => boolean,
): SharedStore {
  return {
    openJournal: (alongside) => port(shared.openJournal(alongside)),
    executeSql: (text, values) => call('executeSql', () => shared.executeSql(text, values)),
    transact: (work) => call('transact', () => shared.transact(work)),
    listen: (hear) =>
      shared.listen((line) => {
        if (!isDead()) hear(line);
      }),
  };
}
