import { CadreError } from '@cadre/core';
import type { Clock } from '../ports/clock.ts';
import type { EdgeFigures } from '../ports/figures.ts';
import type { LoopDelay } from './loop-delay.ts';

/** How much is too much. */
export interface AdmissionLimits {
  /** Requests that are being answered at the same time. */
  readonly inFlight: number;
  /** Milliseconds that the process is late. */
  readonly delayMs: number;
  /** What was accepted and waits to be begun. */
  readonly waiting: number;
}

export interface Admission {
  /** Lets new work in; the answer says that it has been taken on or refused. Throws `overloaded`. */
  admit(): Promise<() => void>;
  figures(): EdgeFigures;
  close(): void;
}

export interface AdmissionOptions {
  readonly limits: AdmissionLimits;
  readonly clock: Clock;
  readonly delay: LoopDelay;
  /** Counted no further than need be. */
  readonly countWaiting: (most: number) => Promise<number>;
  /** New work is refused from now on, and why; undefined: it is taken again. */
  readonly told: (reason: string | undefined) => void;
}

type Reason = 'in_flight' | 'delay' | 'waiting';

/** What waits is counted again so often; meanwhile what is let in is added. */
const COUNT_MS = 1_000;
/** So long after the last refusal the process counts as relieved. */
const RELIEVED_MS = 5_000;

const RETRY_SECONDS: Readonly<Record<Reason, number>> = { in_flight: 1, delay: 2, waiting: 10 };

/**
 * Decides, before anything is done for a request, whether more work is taken on.
 *
 * Invariants
 * 1. Refusing costs next to nothing: neither the body is read nor the store asked more than once a second.
 * 2. What was let in is never refused later for being too much; what is under way is not asked.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { limits, clock, delay, told } = options;
  const refused: Record<Reason, number> = { in_flight: 0, delay: 0, waiting: 0 };
  let inFlight = 0;
  let accepted = 0;
  let waiting = { count: 0, at: Number.NEGATIVE_INFINITY };
  let counting: Promise<void> | undefined;
  let overloaded: string | undefined;
  let lastRefusal = 0;
  let takeBack: (() => void) | undefined;

  async function countAnew(): Promise<void> {
    const at = clock.now();
    waiting = { count: await options.countWaiting(limits.waiting + 1), at };
  }

  function look(): void {
    counting ??= countAnew().finally(() => {
      counting = undefined;
    });
    // Whoever waits for it hears of the fault; for the others the earlier count holds.
    counting.catch(() => undefined);
  }

  function refuse(reason: Reason, sentence: string): CadreError {
    refused[reason] += 1;
    lastRefusal = clock.now();
    if (overloaded === undefined) {
      told(sentence);
      relieveLater();
    }
    overloaded = sentence;
    const seconds = RETRY_SECONDS[reason];
    return new CadreError('overloaded', `this is more than can be done now: ${sentence}`, {
      hint: `nothing of it was taken on; send it again in ${seconds} s`,
      details: { retryAfterSeconds: seconds },
    });
  }

  function relieveLater(): void {
    takeBack = clock.wakeAt(lastRefusal + RELIEVED_MS, () => {
      takeBack = undefined;
      if (clock.now() - lastRefusal < RELIEVED_MS) return relieveLater();
      overloaded = undefined;
      told(undefined);
    });
  }

  return {
    async admit() {
      if (inFlight >= limits.inFlight) {
        throw refuse('in_flight', `${inFlight} requests are being answered`);
      }
      const late = delay.now();
      if (late > limits.delayMs) throw refuse('delay', `the process is ${Math.round(late)} ms late`);
      // Counted from here on, so that those that come while the store is asked are not all let in.
      inFlight += 1;
      try {
        if (clock.now() - waiting.at >= COUNT_MS) look();
        if (waiting.at === Number.NEGATIVE_INFINITY) await counting;
        if (waiting.count >= limits.waiting) {
          throw refuse('waiting', `${waiting.count} wait to be begun`);
        }
      } catch (error) {
        inFlight -= 1;
        throw error;
      }
      waiting.count += 1;
      accepted += 1;
      let isOver = false;
      return () => {
        if (!isOver) inFlight -= 1;
        isOver = true;
      };
    },
    figures: () => ({
      inFlight,
      accepted,
      refused: { ...refused },
      delayMs: Math.round(delay.last()),
      ...(overloaded === undefined ? {} : { overloaded }),
    }),
    close() {
      takeBack?.();
      delay.close();
    },
  };
}
