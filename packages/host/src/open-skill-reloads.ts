import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@cadre/kit/log';
import type { JsonObject } from '@cadre/sdk';
import { keepLooking } from './keep-looking.ts';
import { ownFolder } from './own-folder.ts';
import type { Clock } from './ports/clock.ts';
import type { WatchFiles } from './ports/file-watch.ts';
import type { LeaseHolder } from './ports/lease-store.ts';
import type { SkillReload } from './ports/reloads.ts';
import { LOCK_FILE } from './workers/packaging/worker-lock.ts';
import { openLiveSkills } from './workers/skills/live-skills.ts';
import type { OpenedSkills } from './workers/skills/open-skills.ts';
import type { SkillFolders } from './workers/skills/skill-places.ts';

export interface SkillReloads {
  end(): Promise<void>;
  /** When nobody reads of them any more. */
  remove(): Promise<void>;
}

interface Options {
  /** Cadre's own folder for this workspace. */
  readonly folder: string;
  readonly folders: SkillFolders;
  readonly skills: Pick<OpenedSkills, 'hold'>;
  readonly clock: Clock;
  readonly holder: Pick<LeaseHolder, 'host' | 'pid'>;
  readonly watchFiles: WatchFiles;
  readonly emit: (topic: string, data: JsonObject) => Promise<unknown>;
  readonly log: Log;
  readonly told: (reload: SkillReload) => void;
}

const TOPIC = {
  reloaded: 'skill.reloaded',
  unloaded: 'skill.unloaded',
  failed: 'skill.reload_failed',
} as const;

const SAYS = {
  reloaded: 'a skill was reloaded',
  unloaded: 'a skill is there no more',
  failed: 'a skill could not be reloaded',
} as const;

/** From now on skills that change are taken over while this process runs; one that is wrong then goes on as it was. */
export async function openSkillReloads(options: Options): Promise<SkillReloads> {
  const { folders, folder, clock, log } = options;
  const copies = await ownFolder(join(folder, 'live-skills'), options.holder);
  let telling: Promise<unknown> = Promise.resolve();
  const told = (reload: SkillReload) => {
    const { kind, ...rest } = reload;
    const data = { ...rest } as unknown as JsonObject;
    log[kind === 'failed' ? 'warn' : 'info'](SAYS[kind], data);
    options.told(reload);
    telling = telling
      .then(() => options.emit(TOPIC[kind], data))
      .catch((error: unknown) => log.warn('an event could not be told', { error: String(error) }));
  };
  const live = await openLiveSkills({ folders, copies, told });
  options.skills.hold(live.held);
  const stop = await keepLooking({
    root: folders.workspace,
    paths: ['.cadre/skills/**', LOCK_FILE],
    clock,
    watchFiles: options.watchFiles,
    look: () => live.look(),
    failed: (error) => log.warn('changes of skills cannot be seen', { error: String(error) }),
  });
  return {
    async end() {
      await stop();
      await telling;
    },
    async remove() {
      options.skills.hold(undefined);
      await rm(copies, { recursive: true, force: true });
    },
  };
}
