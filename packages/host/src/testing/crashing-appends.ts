import type { SharedStore } from '../ports/shared-journal.ts';
import type { Store } from '../ports/store.ts';
import type { Crash } from './crashing-store.ts';
import { type Wrap, wrapPort, wrapPorts } from './wrap-ports.ts';

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

  const wrap: Wrap =
    (method, name) =>
    (...given) =>
      call(name, async () => method(...given));
  const ports = wrapPorts(store, (method, name, port) =>
    port === 'pools' ? method : wrap(method, name, port),
  );
  const { shared } = store;
  return {
    ...ports,
    appends: () => appends,
    arm() {
      armed = true;
    },
    ...(shared === undefined ? {} : { shared: crashingShared(shared, wrap, call, () => dead) }),
  };
}

function crashingShared(
  shared: SharedStore,
  wrap: Wrap,
  call: <T>(name: string, work: () => Promise<T>) => Promise<T>,
  isDead: () => boolean,
): SharedStore {
  return {
    openJournal: (alongside) => wrapPort(shared.openJournal(alongside), wrap),
    executeSql: (text, values) => call('executeSql', () => shared.executeSql(text, values)),
    transact: (work) => call('transact', () => shared.transact(work)),
    listen: (hear) =>
      shared.listen((line) => {
        if (!isDead()) hear(line);
      }),
  };
}
