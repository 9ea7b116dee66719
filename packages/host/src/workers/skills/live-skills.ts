import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure } from '@cadre/sdk';
import type { SkillReload } from '../../ports/reloads.ts';
import type { BrokenSkill, InstalledSkill } from '../../ports/skills.ts';
import { stampOf } from '../copy-package.ts';
import { LOCK_FILE } from '../packaging/worker-lock.ts';
import { type LoadedPlace, loadPlace } from './load-place.ts';
import type { HeldSkills } from './open-skills.ts';
import { findSkillPlaces, type SkillFolders, type SkillPlace } from './skill-places.ts';

export interface LiveSkills {
  readonly held: HeldSkills;
  /** Looks at what lies there now, and takes over what changed and can be used. */
  look(): Promise<void>;
}

interface Options {
  readonly folders: SkillFolders;
  /** Empty folder of this process alone. */
  readonly copies: string;
  readonly told: (reload: SkillReload) => void;
}

interface Live {
  readonly id: string;
  /** What is used; broken: nothing of it ever could be. */
  readonly loaded: LoadedPlace;
  /** What is wrong with what lies there now. */
  readonly broken?: BrokenSkill;
  /** Of what was last tried. */
  readonly tried: string;
}

/** Of one skill; whoever has begun with an older one than these is told that it is gone. */
const MOST_PAST = 5;

/**
 * The skills of a workspace while their files change.
 *
 * Invariants
 * 1. What is used was loaded from a copy or a package that nobody writes to.
 * 2. What is wrong never takes the place of what was right: that goes on, and the faults are told once.
 * 3. A content that another one took the place of can be had by its hash for as long as the process lives, the last five of each.
 */
export async function openLiveSkills({ folders, copies, told }: Options): Promise<LiveSkills> {
  const live = new Map<string, Live>();
  const past = new Map<string, readonly InstalledSkill[]>();
  let locked: readonly SkillPlace[] = [];
  let lockFault: string | undefined;
  /** As the places count, the first one of a version before others. */
  let order: readonly string[] = [];
  let copied = 0;

  const removeCopy = async ({ folder }: InstalledSkill) => {
    if (folder.startsWith(copies)) await rm(folder, { recursive: true, force: true });
  };

  /** Invariant 1. Checked before it is copied, so that no more is copied than a skill may have. */
  async function load(place: SkillPlace): Promise<LoadedPlace> {
    const loaded = await loadPlace(place);
    if (!('skill' in loaded) || place.locked !== undefined) return loaded;
    const copy = join(copies, `${++copied}`);
    for (const { path } of loaded.skill.files) {
      await mkdir(dirname(join(copy, path)), { recursive: true });
      // It may go while it is copied: then the copy is wrong, and says so.
      await copyFile(join(place.folder, path), join(copy, path)).catch(() => undefined);
    }
    const held = await loadPlace(place, copy);
    if (!('skill' in held)) await rm(copy, { recursive: true, force: true });
    return held;
  }

  /** Invariant 3. */
  async function leave(before: InstalledSkill): Promise<void> {
    const known = past.get(before.id) ?? [];
    const kept = [before, ...known.filter(({ hash }) => hash !== before.hash)].slice(0, MOST_PAST);
    past.set(before.id, kept);
    for (const one of known) if (!kept.includes(one)) await removeCopy(one);
  }

  async function renew(key: string, place: SkillPlace, tried: string): Promise<void> {
    const { id } = place;
    const loaded = await load(place);
    const before = live.get(key);
    const used = before !== undefined && 'skill' in before.loaded ? before.loaded.skill : undefined;
    if ('broken' in loaded) {
      const { broken } = loaded;
      live.set(
        key,
        used === undefined ? { id, tried, loaded } : { id, tried, loaded: { skill: used }, broken },
      );
      const errors = loaded.broken.problems.filter(({ severity }) => severity === 'error');
      const said = errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
      const version = used === undefined ? {} : { version: used.version };
      told({ kind: 'failed', skill: id, failure: failure('invalid_skill', said.join('; ')), ...version });
      return;
    }
    if (used?.hash === loaded.skill.hash) {
      // As it was before it was changed.
      live.set(key, { id, tried, loaded: { skill: used } });
      return removeCopy(loaded.skill);
    }
    live.set(key, { id, tried, loaded });
    if (used !== undefined) await leave(used);
    const { version, hash } = loaded.skill;
    told({
      kind: 'reloaded',
      skill: id,
      version,
      hash,
      ...(used === undefined ? {} : { before: used.version }),
    });
  }

  /** A lock that cannot be read names what it last named. */
  async function find(): Promise<readonly SkillPlace[]> {
    const { places, broken } = await findSkillPlaces(folders);
    const fault = broken.find(({ id }) => id === LOCK_FILE)?.problems[0]?.message;
    if (fault === undefined) {
      lockFault = undefined;
      locked = places.filter((place) => place.locked !== undefined);
      return places;
    }
    if (lockFault !== fault)
      told({ kind: 'failed', skill: LOCK_FILE, failure: failure('config_corrupt', fault) });
    lockFault = fault;
    return [...places, ...locked];
  }

  async function look(isFirst = false): Promise<void> {
    const found = new Map((await find()).map((place) => [keyOf(place), place]));
    order = [...found.keys()];
    for (const [key, place] of found) {
      const stamp = place.locked === undefined ? await stampOf(place.folder) : lockStamp(place);
      if (isFirst) live.set(key, { id: place.id, loaded: await load(place), tried: stamp });
      else if (live.get(key)?.tried !== stamp) await renew(key, place, stamp);
    }
    for (const [key, { id, loaded }] of [...live]) {
      if (found.has(key)) continue;
      live.delete(key);
      if (!('skill' in loaded)) continue;
      await leave(loaded.skill);
      told({ kind: 'unloaded', skill: id, version: loaded.skill.version });
    }
  }

  await look(true);
  return {
    held: {
      list: () =>
        order.flatMap((key) => {
          const one = live.get(key);
          if (one === undefined) return [];
          return one.broken === undefined ? [one.loaded] : [one.loaded, { broken: one.broken }];
        }),
      past: (id) => past.get(id) ?? [],
    },
    look: () => look(),
  };
}

function keyOf({ folder, locked }: SkillPlace): string {
  return locked === undefined ? folder : `${locked.id}@${locked.version}`;
}

/** A package never changes; it may come to be there. */
function lockStamp({ folder, locked }: SkillPlace): string {
  return `${locked?.digest} ${existsSync(folder)}`;
}
