import type { JsonObject } from '@cadre/sdk';
import type { GateCall, GateObserver } from '../ports/gate.ts';

/** What the engine asks of the gate for the first attempt of a step that asks for nothing in particular. */
export function sampleCall(uses: string, input: JsonObject = {}, changes: Partial<GateCall> = {}): GateCall {
  return {
    uses,
    input,
    mode: 'apply',
    principal: 'user:ann',
    run: 'run_1',
    step: 'step',
    attempt: 1,
    idempotencyKey: 'key',
    permissionSets: [],
    env: {},
    ...changes,
  };
}

const nothing = () => undefined;

/** Hears all of a call and keeps none of it. */
export const UNHEARD: GateObserver = { log: nothing, progress: nothing, spend: nothing, measure: nothing };
