import { holdsReference, isCadreError, isReference } from '@cadre/core/history';
import { failure, type JsonObject, type JsonValue } from '@cadre/sdk';
import type { Gate, GateCall, GateObserver, Performed } from '../ports/gate.ts';
import type { LargeValues } from './large-values.ts';

/**
 * Puts a call to the gate with whole values in place of references, and gives what came of it with references in place of
 * large values. Nobody beyond the gate knows that there are any, but for an input that asks for a handle.
 */
export async function performWhole(
  { gate, values }: { readonly gate: Gate; readonly values: LargeValues },
  call: GateCall,
  signal: AbortSignal,
  observer: GateObserver,
): Promise<Performed> {
  let { input } = call;
  try {
    if (holdsReference(input)) input = await inputOf(values, call, handlesOf(gate, call.uses));
  } catch (error) {
    // Missing, damaged or too large: the attempt ends with the reason.
    if (!isCadreError(error) || error.code === 'store_unavailable') throw error;
    const { code, message, hint } = error;
    const failed = failure(code, message, hint === undefined ? {} : { hint });
    return { outcome: { ok: false, failure: failed }, effects: [] };
  }
  const performed = await gate.perform(input === call.input ? call : { ...call, input }, signal, observer);
  const { outcome } = performed;
  if (!outcome.ok) return performed;
  if (values.isSmall(outcome.output)) return performed;
  const output = await values.keep({ id: call.run, mode: call.mode }, outcome.output);
  return output === outcome.output ? performed : { ...performed, outcome: { ok: true, output } };
}

async function inputOf(values: LargeValues, call: GateCall, handles: readonly string[]): Promise<JsonObject> {
  if (handles.length === 0) return (await values.load(call.input)) as JsonObject;
  const entries = await Promise.all(
    Object.entries(call.input).map(async ([name, value]): Promise<[string, JsonValue]> => {
      if (!handles.includes(name)) return [name, await values.load(value)];
      return [name, isReference(value) ? value.toJSON() : value];
    }),
  );
  return Object.fromEntries(entries);
}

function handlesOf(gate: Gate, uses: string): readonly string[] {
  try {
    return gate.describe(uses).handles ?? [];
  } catch (error) {
    // A worker that is not there: the gate says so.
    if (isCadreError(error)) return [];
    throw error;
  }
}
