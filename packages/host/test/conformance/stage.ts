import type { Usage } from '@cadre/core';
import { failure, type JsonValue, type Outcome, SKIPPED } from '@cadre/sdk';
import type { GateCall } from '../../src/ports/gate.ts';
import { type Script, succeed, untilStopped } from '../../src/testing/scripted-gate.ts';

export interface Stage {
  readonly scripts: Readonly<Record<string, Script>>;
  /** Every call of every process. */
  readonly calls: readonly GateCall[];
}

/** How many attempts of a step were cut off with their process. */
export type Lost = (run: string, step: string) => Promise<number>;

/**
 * What the actions of the conformance suite do, which follows from their input and the attempt alone; so it is the same
 * whatever process performs them.
 */
export function openStage(lost: Lost = async () => 0): Stage {
  const calls: GateCall[] = [];
  const over = new Map<string, (() => void)[] | true>();

  /** `play/after` names a step; its action is over when that of the other is. */
  function after(call: GateCall): Promise<void> {
    const key = `${call.run} ${call.input['after']}`;
    const before = over.get(key);
    if (before === true) return Promise.resolve();
    return new Promise((resolve) => over.set(key, [...(before ?? []), resolve]));
  }

  const staged = (perform: NonNullable<Script['perform']>, traits: Script['traits'] = {}): Script => ({
    traits,
    effects: [{ kind: 'command', command: 'true', purpose: 'to be seen' }],
    async perform(call, signal, observer) {
      calls.push(call);
      const outcome = await perform(call, signal, observer);
      const key = `${call.run} ${call.step}`;
      const waiting = over.get(key);
      over.set(key, true);
      if (Array.isArray(waiting)) for (const resolve of waiting) resolve();
      return outcome;
    },
  });

  const give = ({ input }: GateCall) => succeed(input['value'] ?? 'done');
  return {
    calls,
    scripts: {
      'play/give': staged(give),
      'play/kept': { ...staged(give), effects: [], cachedFrom: 'run_before' },
      'play/make': staged(({ input }) => succeed(made(input))),
      'play/measure': staged(({ input }) => succeed(JSON.stringify(input).length)),
      'play/once': staged(give, { repeatable: false }),
      'play/after': staged(async (call) => {
        await after(call);
        return give(call);
      }),
      'play/tell': staged(({ input, env, permissionSets, cache }) =>
        succeed({
          input,
          env: { ...env },
          permissions: permissionSets.map((set) => [...set]),
          ...(cache === undefined ? {} : { cache: { key: cache.key, ttlMs: cache.ttlMs } }),
        }),
      ),
      'play/hang': staged((_call, signal) => untilStopped(signal)),
      // Tells of each part of what it spends, and goes on until it is stopped when it is to `hang`.
      'play/spend': staged((call, signal, observer) => {
        for (const part of (call.input['parts'] ?? []) as unknown as Usage[]) observer.spend(part);
        return call.input['hang'] === true ? untilStopped(signal) : give(call);
      }),
      'play/skip': staged(() => ({
        ok: false,
        failure: failure(SKIPPED, 'tool_missing: ruff is not installed'),
      })),
      'play/fail': staged(async (call) => fail(call, await lost(call.run, call.step))),
      'shell/run': staged(({ input }) => succeed({ stdout: String(input['command']), code: 0 })),
    },
  };
}

/** A text of so many bytes; a list of such, or a map with one. */
function made({ bytes, times, as }: GateCall['input']): JsonValue {
  const text = 'x'.repeat(Number(bytes));
  if (as === 'map') return { text, count: 1 };
  return times === undefined ? text : Array.from({ length: Number(times) }, () => text);
}

/** Fails in the first `times` attempts that anybody heard of, and without `times` in each. */
function fail({ input, attempt }: GateCall, unheard: number): Outcome<JsonValue> {
  const { code = 'broken', times = Number.POSITIVE_INFINITY, retryable, severity, value } = input;
  if (attempt - unheard > Number(times)) return succeed(value ?? 'done');
  const more = {
    ...(retryable === true ? { retryable: true } : {}),
    ...(severity === undefined ? {} : { details: { severity } }),
  };
  return { ok: false, failure: failure(String(code), `it is ${code}`, more) };
}
