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

/** A ULID (https://github.com/ulid/spec): 48 bits of time and 80 of chance, the latter counted up within a millisecond. */
function idSource(): (time: number) => string {
  let lastTime = -1;
  let chance = 0n;
  return (time) => {
    chance =
      time === lastTime ? (chance + 1n) & (2n ** 80n - 1n) : BigInt(`0x${randomBytes(10).toString('hex')}`);
    lastTime = time;
    return encode(BigInt(time), 10) + encode(chance, 16);
  };
}

function encode(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest >>= 5n) text = ALPHABET[Number(rest & 31n)] + text;
  return text;
}
