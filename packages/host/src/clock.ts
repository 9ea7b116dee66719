import { randomBytes } from 'node:crypto';
import type { Clock } from './ports/clock.ts';

/** Beyond this many milliseconds Node's timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The system's time and chance.
 *
 * Invariants
 * 1. `now` never goes back, even when somebody sets the system's clock back.
 * 2. Two ids of one process differ and sort in the order in which they were given, also within one millisecond.
 * 3. A callback is called at most once, and never before its time.
 */
export function systemClock(): Clock {
  let latest = 0;
  const nextId = idSource();
  const now = () => {
    latest = Math.max(latest, Date.now());
    return latest;
  };
  return {
    now,
    wakeAt(at, callback) {
      let timer: NodeJS.Timeout;
      const arm = () => {
        timer = setTimeout(ring, Math.min(Math.max(0, at - now()), LONGEST_TIMER_MS)).unref();
      };
      const ring = () => {
        if (now() < at) arm();
        else callback();
      };
      arm();
      return () => clearTimeout(timer);
    },
    random: Math.random,
    newId: (prefix) => `${prefix}_${nextId(now())}`,
  };
}

/** Crockford's alphabet in lower case: no letter that is taken for a digit. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

const TIME_LETTERS = 10;
const CHANCE_LETTERS = 16;

/** A ULID (https://github.com/ulid/spec): 48 bits of time and 80 of chance, the latter counted up within a millisecond. */
function idSource(): (time: number) => string {
  let lastTime = -1;
  let timeText = '';
  let chance: number[] = [];
  return (time) => {
    if (time === lastTime) countUp(chance);
    else {
      timeText = encode(time);
      chance = [...randomBytes(CHANCE_LETTERS)].map((byte) => byte & 31);
    }
    lastTime = time;
    return timeText + chance.map((digit) => ALPHABET[digit]).join('');
  };
}

function encode(time: number): string {
  const digits = Array.from({ length: TIME_LETTERS }, (_, place) => Math.floor(time / 32 ** place) % 32);
  return digits
    .map((digit) => ALPHABET[digit])
    .reverse()
    .join('');
}

/** In place. 2^80 ids within one millisecond are more than anybody takes. */
function countUp(digits: number[]): void {
  for (let place = digits.length - 1; place >= 0; place--) {
    const digit = ((digits[place] ?? 0) + 1) % 32;
    digits[place] = digit;
    if (digit !== 0) return;
  }
}
