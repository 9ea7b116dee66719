import { CadreError } from '@cadre/core';
import { type Effect, failure, type JsonValue, type Outcome } from '@cadre/sdk';
import type { ActionTraits, Gate, GateCall, GateObserver, Performed } from '../ports/gate.ts';

export interface Script {
  /** What the action does; an outcome, or a promise of one that obeys the signal. Default: succeeds with its name. */
  readonly perform?: (
    call: GateCall,
    signal: AbortSignal,
    observer: GateObserver,
  ) => Outcome<JsonValue> | Promise<Outcome<JsonValue>>;
  readonly effects?: readonly Effect[];
  /** Its answer is the kept one of this run. */
  readonly cachedFrom?: string;
  readonly traits?: Partial<ActionTraits>;
}

export interface ScriptedGate extends Gate {
  /** Every call in the order in which they were begun. */
  readonly calls: readonly GateCall[];
  /** How many are under way. */
  underWay(): number;
  /** The process died: nothing is begun or finished any more. */
  die(): void;
}

const TRAITS: ActionTraits = { repeatable: true, class: 'io' };

/** A gate whose actions are written in a test: `{ 'sample/build': { perform } }`. */
export function scriptedGate(scripts: Readonly<Record<string, Script>>): ScriptedGate {
  const calls: GateCall[] = [];
  const never = new Promise<never>(() => undefined);
  let underWay = 0;
  let dead = false;

  const scriptOf = (uses: string): Script => {
    const script = scripts[uses];
    if (script === undefined) throw new CadreError('not_found', `there is no action ${uses}`);
    return script;
  };

  return {
    calls,
    underWay: () => underWay,
    die() {
      dead = true;
    },
    ready: async () => undefined,
    describe: (uses) => ({ ...TRAITS, ...scriptOf(uses).traits }),
    async perform(call, signal, observer): Promise<Performed> {
      if (dead) return never;
      calls.push(call);
      underWay += 1;
      const script = scriptOf(call.uses);
      const outcome = await (script.perform?.(call, signal, observer) ?? succeed(call.uses));
      underWay -= 1;
      const { effects = [], cachedFrom } = script;
      return dead ? never : { outcome, effects, ...(cachedFrom === undefined ? {} : { cachedFrom }) };
    },
    warm: async () => undefined,
    prioritise: () => undefined,
    endRun: async () => undefined,
  };
}

export function succeed(output: JsonValue): Outcome<JsonValue> {
  return { ok: true, output };
}

/** For an action that goes on until it is stopped. */
export function untilStopped(signal: AbortSignal): Promise<Outcome<JsonValue>> {
  const stopped: Outcome<JsonValue> = { ok: false, failure: failure('cancelled', 'the call was stopped') };
  return new Promise((resolve) => {
    if (signal.aborted) resolve(stopped);
    signal.addEventListener('abort', () => resolve(stopped), { once: true });
  });
}
