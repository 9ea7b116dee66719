import type { Clock } from '../ports/clock.ts';
import type { Gate } from '../ports/gate.ts';
import type { GrantStore } from '../ports/grant-store.ts';
import { forgetAnswers } from './forget-answers.ts';

/**
 * A gate that is opened when something is first to pass through it: a process that only looks, or that ends a run which
 * nobody works on, needs neither settings nor workers. What `open` throws is thrown by what needed the gate.
 */
export function lateGate(open: () => Promise<Gate>, kept: { grants: GrantStore; clock: Clock }): Gate {
  let opened: Promise<Gate> | undefined;
  let here: Gate | undefined;
  const gate = async () => {
    opened ??= open();
    here = await opened;
    return here;
  };
  return {
    ready: async () => void (await gate()),
    describe(uses) {
      if (here === undefined) throw new Error('bug: the gate was asked before it was ready');
      return here.describe(uses);
    },
    perform: async (...call) => (await gate()).perform(...call),
    warm: async (worker) => (await gate()).warm(worker),
    prioritise: (run, priorityOf) => here?.prioritise(run, priorityOf),
    // Without a gate there is no scratch tree of this process; answers are stored, and may come from another one.
    endRun: async (run) =>
      opened === undefined ? forgetAnswers(run, kept.grants, kept.clock) : (await opened).endRun(run),
  };
}
