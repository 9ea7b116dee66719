import { isCadreError } from '@cadre/core/errors';
import { duration } from '@cadre/kit/format';
import type { Log } from '@cadre/kit/log';
import { failure, type JsonObject, type JsonValue, type Outcome } from '@cadre/sdk';
import type { Clock } from './ports/clock.ts';
import type { Gate, GateObserver } from './ports/gate.ts';

/** In whose name an action is called by itself, and who hears how far it is. */
export interface Calling {
  readonly principal?: string;
  readonly signal?: AbortSignal;
  readonly progress?: GateObserver['progress'];
}

/** One action by itself, through the gate. */
export type CallAlone = (uses: string, input: JsonObject, calling?: Calling) => Promise<Outcome<JsonValue>>;

interface Options {
  readonly gate: Pick<Gate, 'ready' | 'describe' | 'perform'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The person at the command line. */
  readonly principal: string;
}

export function createCallAlone({ gate, clock, log, principal }: Options): CallAlone {
  return async (uses, input, { signal, ...calling } = {}) => {
    await gate.ready();
    const limitMs = limitOf(gate, uses);
    const late = new AbortController();
    const takeBack =
      limitMs === undefined
        ? () => undefined
        : clock.wakeAt(clock.now() + limitMs, () => late.abort('timed_out'));
    const performing = gate.perform(
      {
        uses,
        input,
        mode: 'apply',
        principal: calling.principal ?? principal,
        run: clock.newId('call'),
        step: uses,
        attempt: 1,
        idempotencyKey: clock.newId('key'),
        permissionSets: [],
        env: {},
        loose: true,
      },
      signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
      {
        log: (line) => log[line.level](line.message, line.fields),
        progress: calling.progress ?? (() => undefined),
        // Part of no run: there is no budget.
        spend: () => undefined,
        measure: () => undefined,
      },
    );
    const { outcome } = await performing.finally(takeBack);
    // What succeeded counts, also when it was told to stop too late; whoever stopped it first is the reason.
    if (outcome.ok || limitMs === undefined || !late.signal.aborted || signal?.aborted === true)
      return outcome;
    const message = `${uses} was stopped: it took longer than ${duration(limitMs)}`;
    const hint = 'raise the timeout of the action in its manifest, or make it do less';
    return { ok: false, failure: failure('timed_out', message, { hint, cause: outcome.failure }) };
  };
}

/** What the action's manifest says. */
function limitOf(gate: Pick<Gate, 'describe'>, uses: string): number | undefined {
  try {
    return gate.describe(uses).timeoutMs;
  } catch (error) {
    // A worker that is not there: the call says so.
    if (isCadreError(error)) return undefined;
    throw error;
  }
}
