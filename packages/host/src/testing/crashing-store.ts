import type { Store } from '../ports/store.ts';

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
    <A extends unknown[], T>(work: (...given: A) => Promise<T>) =>
    async (...given: A): Promise<T> => {
      writes += 1;
      if (dead) return never;
      if (writes < crash.at) return work(...given);
      dead = true;
      crash.died();
      if (crash.when === 'after') await work(...given);
      return never;
    };
  const read =
    <A extends unknown[], T>(work: (...given: A) => Promise<T>) =>
    async (...given: A): Promise<T> => {
      const answer = await (dead ? never : work(...given));
      return dead ? never : answer;
    };

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
    pools,
    artifacts,
  } = store;
  return {
    writes: () => writes,
    runs: {
      putDefinition: write(runs.putDefinition),
      create: write(runs.create),
      append: write(runs.append),
      putEffects: write(runs.putEffects),
      putDocument: write(runs.putDocument),
      getDefinition: read(runs.getDefinition),
      find: read(runs.find),
      list: read(runs.list),
      readEvents: read(runs.readEvents),
      lastNumber: read(runs.lastNumber),
      readEffects: read(runs.readEffects),
      findDocument: read(runs.findDocument),
    },
    results: {
      find: read(results.find),
      use: write(results.use),
      put: write(results.put),
      list: read(results.list),
      clear: write(results.clear),
    },
    files: { read: read(files.read), note: write(files.note) },
    // No run is removed while one crashes.
    upkeep,
    artifacts: {
      ...artifacts,
      put: write(artifacts.put),
      use: write(artifacts.use),
      read: read(artifacts.read),
    },
    pools,
    leases: {
      acquire: write(leases.acquire),
      renew: write(leases.renew),
      release: write(leases.release),
      break: write(leases.break),
      find: read(leases.find),
      list: read(leases.list),
    },
    audit: { append: write(audit.append), read: read(audit.read) },
    grants: { put: write(grants.put), revoke: write(grants.revoke), list: read(grants.list) },
    logs: { append: write(logs.append), read: read(logs.read) },
    groups: {
      enter: write(groups.enter),
      isFirst: read(groups.isFirst),
      first: read(groups.first),
      leave: write(groups.leave),
    },
    firings: {
      putRule: write(firings.putRule),
      setPaused: write(firings.setPaused),
      claim: write(firings.claim),
      add: write(firings.add),
      begin: write(firings.begin),
      end: write(firings.end),
      replay: write(firings.replay),
      prune: write(firings.prune),
      findState: read(firings.findState),
      listStates: read(firings.listStates),
      listReady: read(firings.listReady),
      nextReady: read(firings.nextReady),
      listOver: read(firings.listOver),
      listUnstarted: read(firings.listUnstarted),
      find: read(firings.find),
      list: read(firings.list),
      countSince: read(firings.countSince),
      countRunning: read(firings.countRunning),
      countWaiting: read(firings.countWaiting),
    },
    events: {
      emit: write(events.emit),
      take: write(events.take),
      settle: write(events.settle),
      forget: write(events.forget),
      listWaits: read(events.listWaits),
      listEnded: read(events.listEnded),
    },
    streams: {
      extend: write(streams.extend),
      close: write(streams.close),
      read: read(streams.read),
      readWritten: read(streams.readWritten),
      readStreams: read(streams.readStreams),
      keyAt: read(streams.keyAt),
      newest: read(streams.newest),
      listOpen: read(streams.listOpen),
    },
    close: () => store.close(),
  };
}
