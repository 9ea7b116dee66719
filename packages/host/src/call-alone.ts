import type { Log } from '@cadre/kit/log';
import type { JsonObject, JsonValue, Outcome } from '@cadre/sdk';
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
  readonly gate: Pick<Gate, 'perform'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The person at the command line. */
  readonly principal: string;
}

export function createCallAlone({ gate, clock, log, principal }: Options): CallAlone {
  return async (uses, input, calling = {}) => {
    const performed = await gate.perform(
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
      calling.signal ?? new AbortController().signal,
      {
        log: (line) => log[line.level](line.message, line.fields),
        progress: calling.progress ?? (() => undefined),
        // Part of no run: there is no budget.
        spend: () => undefined,
        measure: () => undefined,
      },
    );
    return performed.outcome;
  };
}
