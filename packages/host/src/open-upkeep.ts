import { resolve } from 'node:path';
import { parseDuration } from '@cadre/kit/format';
import type { Log } from '@cadre/kit/log';
import type { Config } from './config.ts';
import type { BackedUp } from './data-backup.ts';
import type { DoersOptions } from './doers.ts';
import { liveness, mayBeTaken } from './engine/holder.ts';
import type { LeaseKeeper } from './engine/lease-keeper.ts';
import { environmentSecrets } from './environment-secrets.ts';
import type { FiringRetention } from './ports/prune-firings.ts';
import { isFault } from './ports/trimmed-audit.ts';
import { type Cleaned, type CleanOptions, type CleanRequest, clean, type Retention } from './upkeep/clean.ts';
import { createMaintenance, type Maintained } from './upkeep/maintenance.ts';
import { removeStreams } from './upkeep/remove-streams.ts';
import { type Mend, repair } from './upkeep/repair.ts';

export interface UpkeepDoers {
  /** Removes what is due by the settings of `retention`. */
  clean(request: Omit<CleanRequest, 'principal' | 'alone'>): Promise<Cleaned>;
  /** What has to be done once a day; undefined: another process is at it. */
  maintain(): Promise<Maintained | undefined>;
  /** Lets `maintain` be called once a day from now on; the answer ends that. */
  maintainDaily(): () => void;
  /** Mends what can be mended without anybody's judgement, and says what was found. */
  repair(): Promise<readonly Mend[]>;
  /** Copies the store into a file while it is used, and proves the copy before it gets its name. */
  backUp(file: string): Promise<BackedUp>;
}

interface Options extends Omit<DoersOptions, 'log'> {
  readonly config: Config;
  readonly log: Log;
  readonly keeper: LeaseKeeper;
  /** The store is a file, which can be written anew when nobody else has it open. */
  readonly isAloneOnFile: boolean;
}

export function openUpkeep(options: Options): UpkeepDoers {
  const { place, config, folder, opened, clock, principal, keeper, log, engine, env } = options;
  const { store } = opened;
  const holder = options.self();
  const isAlone = async () =>
    (await store.leases.list()).every(
      (lease) => lease.holder === holder.holder || mayBeTaken(lease, liveness(lease, holder), clock.now()),
    );
  const { keep, archive } = config.audit;
  /** Of many processes one: it walks the whole record, and of two the second would find nothing to do. */
  const trim: CleanOptions['trimAudit'] = async (request) => {
    const { trimAudit } = await import('./gate/trim-audit.ts');
    const about = {
      audit: store.audit,
      removal: store.auditRemoval,
      evidence: options.evidence(),
      clock,
      keepMs: parseDuration(keep),
      ...(archive === undefined ? {} : { archive: resolve(place.root, archive) }),
    };
    if (request.planOnly) return trimAudit(about, request);
    const taken = await keeper.take('audit');
    if (!taken.ok) {
      const planned = await trimAudit({ ...about, keepMs: 0 }, { ...request, planOnly: true });
      const message = `process ${taken.holder.pid} on ${taken.holder.host} is at it`;
      return { ...planned, keepMs: about.keepMs, stopped: { why: 'busy', message } };
    }
    return trimAudit(about, request).finally(() => keeper.give(taken.lease));
  };
  const cleanUp = async (request: Omit<CleanRequest, 'alone'>) =>
    clean(
      { ...store, clock, retention: retentionOf(config), trimAudit: trim },
      { ...request, alone: options.isAloneOnFile && (await isAlone()) },
    );
  const maintenance = createMaintenance({
    folder,
    clock,
    take: () => keeper.take('maintenance'),
    give: (lease) => keeper.give(lease),
    async clean() {
      await removeStreams(folder, store.runs, clock.now());
      return cleanUp({ planOnly: false, principal: 'system' });
    },
    told(report) {
      log.info('maintenance', { ...report });
      const stopped = report.cleaned.audit?.stopped;
      if (isFault(stopped)) log.warn('old records were not removed', { ...stopped });
    },
    failed: (error) => log.warn('maintenance failed', { error: String(error) }),
  });
  return {
    clean: (request) => cleanUp({ ...request, principal }),
    maintain: () => maintenance.run(),
    maintainDaily: () => maintenance.daily(),
    repair: () =>
      repair({
        engine: engine(),
        runs: store.runs,
        leases: store.leases,
        upkeep: store.upkeep,
        audit: store.audit,
        clock,
        isDead: (lease) => liveness(lease, holder) === 'gone',
        dataDir: folder,
        principal,
      }),
    async backUp(file) {
      const { backUpStore } = await import('./data-backup.ts');
      return backUpStore({
        config,
        folder,
        name: place.name,
        secrets: environmentSecrets(env),
        file,
        now: clock.now(),
        take: () => keeper.take('data'),
        give: (lease) => keeper.give(lease),
      });
    },
  };
}

function retentionOf(config: Config): Retention {
  const { runs, plans, logs, artifacts, tombstones } = config.retention;
  const limits = ({ after, most, maxBytes }: Config['retention']['runs']) => ({
    afterMs: parseDuration(after),
    most,
    maxBytes,
  });
  return {
    runs: limits(runs),
    plans: limits(plans),
    logs: limits(logs),
    artifacts: { temporary: limits(artifacts.temporary), standard: limits(artifacts.standard) },
    firings: firingRetention(config),
    tombstones,
  };
}

export function firingRetention({ retention: { firings } }: Config): FiringRetention {
  return { afterMs: parseDuration(firings.after), most: firings.most };
}
