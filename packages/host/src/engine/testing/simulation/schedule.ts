import type { Clock } from '../../../ports/clock.ts';
import type { Chance } from './chance.ts';

/** One life of a simulated process. */
export interface Life {
  readonly id: string;
  readonly host: string;
  dead: boolean;
  /** Stopped as by SIGSTOP: it lives, and nothing of it goes on. */
  stopped: boolean;
  /** By how much its clock differs. */
  skewMs: number;
}

/** Something that can happen next. */
interface Pending {
  readonly life: Life;
  readonly what: string;
  readonly happen: () => void | Promise<void>;
}

interface Timer {
  readonly life: Life;
  readonly at: number;
  readonly callback: () => void;
}

export interface Schedule {
  /** True time, which no process knows. */
  now(): number;
  pass(ms: number): void;
  add(life: Life, what: string, happen: Pending['happen']): void;
  clockOf(life: Life): Clock;
  /** What may happen to processes that neither died nor are stopped. */
  ready(): number;
  /** Makes one of it happen, whichever chance chooses; answers what. */
  next(): Promise<string>;
  /** Time goes on to the next timer, which is due. Undefined: there is none. */
  wake(): string | undefined;
  /** Nothing of it happens any more. */
  forget(life: Life): void;
}

/** Everything that is under way anywhere, of which one thing happens at a time. */
export function createSchedule(chance: Chance, start = 1_700_000_000_000): Schedule {
  let now = start;
  let pending: Pending[] = [];
  let timers: Timer[] = [];
  let ids = 0;
  const goesOn = ({ life }: { readonly life: Life }) => !life.dead && !life.stopped;

  return {
    now: () => now,
    pass(ms) {
      now += ms;
    },
    add: (life, what, happen) => void pending.push({ life, what, happen }),
    clockOf: (life) => ({
      now: () => now + life.skewMs,
      random: chance.next,
      newId: (prefix) => `${prefix}_${String(++ids).padStart(6, '0')}`,
      wakeAt(at, callback) {
        const timer = { life, at, callback };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    }),
    ready: () => pending.filter(goesOn).length,
    async next() {
      const chosen = chance.pick(pending.filter(goesOn));
      if (chosen === undefined) return 'nothing';
      pending = pending.filter((other) => other !== chosen);
      await chosen.happen();
      return `${chosen.life.id}: ${chosen.what}`;
    },
    wake() {
      const trueTime = ({ at, life }: Timer) => at - life.skewMs;
      let first: Timer | undefined;
      for (const timer of timers) {
        if (goesOn(timer) && (first === undefined || trueTime(timer) < trueTime(first))) first = timer;
      }
      if (first === undefined) return undefined;
      const { life, callback } = first;
      timers = timers.filter((other) => other !== first);
      now = Math.max(now, trueTime(first));
      callback();
      return `${life.id}: a timer`;
    },
    forget(life) {
      pending = pending.filter((other) => other.life !== life);
      timers = timers.filter((other) => other.life !== life);
    },
  };
}

/** Lets everything that was set going come as far as it can by itself. */
export async function calm(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
