import type { Trigger } from '@cadre/core';
import type { LoopContext } from './loop.ts';
import { isWatch, openWatcher, type Watcher } from './watch-files.ts';

export interface Watching {
  /** Begins to watch for triggers that are new or have changed, and ends for those that are gone. */
  follow(): Promise<void>;
  close(): Promise<void>;
}

interface Open {
  readonly text: string;
  readonly watcher: Watcher;
  readonly lease: { release(): Promise<void> };
}

/** One process watches for a trigger; should it die, another one finds the lease free. */
export function createWatching(context: LoopContext, fired: () => void): Watching {
  const open = new Map<string, Open>();

  async function close(name: string): Promise<void> {
    const one = open.get(name);
    open.delete(name);
    await one?.watcher.close();
    await one?.lease.release();
  }

  async function begin(trigger: Trigger): Promise<void> {
    if (!isWatch(trigger)) return;
    const lease = await context.hold(`watch:${trigger.name}`);
    if (lease === undefined) return;
    try {
      const watcher = await openWatcher(context, trigger, fired);
      open.set(trigger.name, { text: JSON.stringify(trigger.on), watcher, lease });
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  return {
    async follow() {
      const wanted = (await context.triggers()).filter((trigger) => isWatch(trigger) && trigger.enabled);
      for (const [name, { text }] of [...open]) {
        const trigger = wanted.find((one) => one.name === name);
        if (trigger === undefined || JSON.stringify(trigger.on) !== text) await close(name);
      }
      for (const trigger of wanted) if (!open.has(trigger.name)) await begin(trigger);
    },
    async close() {
      for (const name of [...open.keys()]) await close(name);
    },
  };
}
