import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../ports/clock.ts';
import type { Lease } from '../ports/lease-store.ts';
import type { Cleaned } from './clean.ts';

export interface Maintained {
  readonly cleaned: Cleaned;
  readonly tookMs: number;
}

export interface Maintenance {
  /** Undefined: somebody else is at it. */
  run(): Promise<Maintained | undefined>;
  /** Runs it once a day, in whichever process comes first; the answer ends that. */
  daily(): () => void;
}

interface Options {
  /** Where it is noted when it was done last. */
  readonly folder: string;
  readonly clock: Clock;
  readonly take: () => Promise<{ readonly ok: true; readonly lease: Lease } | { readonly ok: false }>;
  readonly give: (lease: Lease) => Promise<void>;
  readonly clean: () => Promise<Cleaned>;
  readonly told: (report: Maintained) => void;
  readonly failed: (error: unknown) => void;
}

const DAY_MS = 24 * 3_600_000;
/** Not in the first moments of a process, which has runs to go on with. */
const FIRST_MS = 60_000;

export function createMaintenance(options: Options): Maintenance {
  const { clock, folder } = options;
  const file = join(folder, 'maintained');

  async function lastAt(): Promise<number> {
    const at = Number(await readFile(file, 'utf8').catch(() => '0'));
    // What lies ahead was written by a clock that was set back since.
    return at > 0 && at <= clock.now() ? at : 0;
  }

  async function run(): Promise<Maintained | undefined> {
    const taken = await options.take();
    if (!taken.ok) return undefined;
    try {
      const began = clock.now();
      const cleaned = await options.clean();
      await writeFile(file, String(clock.now()), { mode: 0o600 });
      const report = { cleaned, tookMs: clock.now() - began };
      options.told(report);
      return report;
    } finally {
      await options.give(taken.lease);
    }
  }

  return {
    run,
    daily() {
      let ended = false;
      let takeBack = () => {};
      const arm = (at: number) => {
        if (!ended) takeBack = clock.wakeAt(at, () => void look());
      };
      const look = async () => {
        try {
          const due = (await lastAt()) + DAY_MS;
          if (due > clock.now()) return arm(due);
          await run();
        } catch (error) {
          options.failed(error);
        }
        arm(clock.now() + DAY_MS);
      };
      arm(clock.now() + FIRST_MS);
      return () => {
        ended = true;
        takeBack();
      };
    },
  };
}
