import { type ArtifactReference, holdsReference, isCadreError, isReference } from '@cadre/core/history';
import { failure, type JsonValue } from '@cadre/sdk';
import type { Gate, GateCall, GateObserver, OpenBytes, Performed } from '../ports/gate.ts';
import type { LargeValues } from './large-values.ts';
import { referStreams } from './refer-streams.ts';

/**
 * Puts a call to the gate with whole values in place of references, and gives what came of it with references in place of
 * large values and of streams. Nobody beyond the gate knows that there are any.
 */
export async function performWhole(
  { gate, values }: { readonly gate: Gate; readonly values: LargeValues },
  call: GateCall,
  signal: AbortSignal,
  observer: GateObserver,
): Promise<Performed> {
  let given: Given = { call, streams: [] };
  try {
    if (holdsReference(call.input)) given = await give(values, call, handlesOf(gate, call.uses));
  } catch (error) {
    // Missing, damaged or too large: the attempt ends with the reason.
    if (!isCadreError(error) || error.code === 'store_unavailable') throw error;
    const { code, message, hint } = error;
    const failed = failure(code, message, hint === undefined ? {} : { hint });
    return { outcome: { ok: false, failure: failed }, effects: [] };
  }
  const { written = [], ...performed } = await gate.perform(given.call, signal, observer);
  const { outcome } = performed;
  if (!outcome.ok) return performed;
  const owner = { id: call.run, mode: call.mode };
  const referred = referStreams(outcome.output, written, given.streams);
  await values.putFiles(owner, referred.files);
  const output = values.isSmall(referred.output)
    ? referred.output
    : await values.keep(owner, referred.output);
  return output === outcome.output ? performed : { ...performed, outcome: { ok: true, output } };
}

interface Given {
  readonly call: GateCall;
  readonly streams: readonly ArtifactReference[];
}

/** What is wanted as a file is not loaded: the gate makes one of it. */
async function give(values: LargeValues, call: GateCall, handles: readonly string[]): Promise<Given> {
  const files = new Map<string, OpenBytes>();
  const streams: ArtifactReference[] = [];
  const entries = await Promise.all(
    Object.entries(call.input).map(async ([name, value]): Promise<[string, JsonValue]> => {
      if (!handles.includes(name) || !isReference(value)) return [name, await values.load(value, streams)];
      files.set(name, values.content(value));
      return [name, value.toJSON()];
    }),
  );
  const opened = new Map(streams.map((reference) => [reference.digest, values.content(reference)]));
  const given = { files, streams: opened };
  return { call: { ...call, input: Object.fromEntries(entries), given }, streams };
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
