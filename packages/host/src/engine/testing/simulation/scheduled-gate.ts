import { failure, type JsonValue, type Outcome } from '@cadre/sdk';
import type { Gate, GateCall } from '../../../ports/gate.ts';
import type { Chance } from './chance.ts';
import type { Life, Schedule } from './schedule.ts';

/** Told of each attempt that is begun. */
export type Begun = (life: Life, call: GateCall) => void;

/**
 * A gate whose actions end when chance lets them: well, badly, or, when they were told to stop, as stopped. `sim/once` is
 * not to be repeated, `sim/flaky` fails more often than not.
 */
export function scheduledGate(life: Life, schedule: Schedule, chance: Chance, begun: Begun): Gate {
  return {
    describe: (uses) => ({ repeatable: uses !== 'sim/once', class: uses === 'sim/flaky' ? 'cpu' : 'io' }),
    perform(call, signal, observer) {
      begun(life, call);
      return new Promise((resolve) => {
        const end = () => {
          if (chance.happens(0.1)) observer.log({ level: 'info', message: 'it goes on' });
          if (call.uses === 'sim/long' && !signal.aborted && chance.happens(0.6)) {
            schedule.add(life, `goes on with ${call.run} ${call.step}`, end);
            return;
          }
          const effects = [{ kind: 'command', command: 'true', purpose: 'to be seen' }] as const;
          resolve({ outcome: outcomeOf(call, signal, chance), effects });
        };
        schedule.add(life, `ends ${call.run} ${call.step} ${call.attempt}`, end);
      });
    },
    ready: async () => undefined,
    warm: async () => undefined,
    prioritise: () => undefined,
    endRun: async () => undefined,
  };
}

function outcomeOf(call: GateCall, signal: AbortSignal, chance: Chance): Outcome<JsonValue> {
  // Some succeed although they were told to stop.
  if (signal.aborted && chance.happens(0.8))
    return { ok: false, failure: failure('cancelled', 'it was stopped') };
  const how = chance.next();
  const worst = call.uses === 'sim/flaky' ? 0.6 : 0.05;
  if (how < worst) return { ok: false, failure: failure('busy', 'it is busy', { retryable: true }) };
  if (how < worst + 0.05) return { ok: false, failure: failure('broken', 'it is broken') };
  return { ok: true, output: call.attempt };
}
