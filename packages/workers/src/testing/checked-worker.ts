import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonValue, Manifest, Worker } from '@cadre/sdk';
import { runAction, type Tried, type TryOptions } from '@cadre/sdk/testing';
import { type Schema, Validator } from '@cfworker/json-schema';
import { parse } from 'yaml';

export interface CheckedWorker {
  readonly manifest: Manifest;
  /** Performs an action; input and output must fit the manifest, as at the gate. */
  run(action: string, input: object, options: TryOptions): Promise<Tried>;
  /** As `run`, and the action must succeed. */
  succeed<Output>(action: string, input: object, options: TryOptions): Promise<Output>;
  /** As `run`, and the action must fail. */
  fail(action: string, input: object, options: TryOptions): Promise<FailureShown>;
}

export interface FailureShown {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly hint?: string;
  readonly details?: JsonValue;
}

/** A worker together with its manifest, held to what the manifest promises. */
export function checkedWorker(folder: string, worker: Worker): CheckedWorker {
  const manifest = parse(readFileSync(join(folder, 'worker.yaml'), 'utf8')) as Manifest;
  const run = async (action: string, input: object, options: TryOptions) => {
    const described = manifest.actions.find(({ name }) => name === action);
    if (described === undefined) throw new Error(`the manifest has no action ${action}`);
    check(described.input as Schema, input, `input of ${action}`);
    const tried = await runAction(worker, action, input, options);
    if (tried.outcome.ok) check(described.output as Schema, tried.outcome.output, `output of ${action}`);
    return tried;
  };
  return {
    manifest,
    run,
    async succeed<Output>(action: string, input: object, options: TryOptions) {
      const { outcome } = await run(action, input, options);
      if (!outcome.ok) throw new Error(`${action} failed: ${JSON.stringify(outcome.failure)}`);
      return outcome.output as Output;
    },
    async fail(action, input, options) {
      const { outcome } = await run(action, input, options);
      if (outcome.ok) throw new Error(`${action} succeeded: ${JSON.stringify(outcome.output)}`);
      return outcome.failure;
    },
  };
}

/** What is wrong with a manifest that its schema alone cannot say. */
export function manifestProblems(checked: CheckedWorker, worker: Worker): string[] {
  const { actions, id } = checked.manifest;
  const named = actions.map(({ name }) => name).sort();
  const coded = Object.keys(worker.actions).sort();
  const readOnly = new Set(['none', 'read']);
  return [
    ...(id === worker.id ? [] : [`the manifest calls the worker ${id}, its code ${worker.id}`]),
    ...(named.join() === coded.join() ? [] : [`manifest: ${named.join()}; code: ${coded.join()}`]),
    ...actions
      .filter(({ effects, preview }) => !preview && !effects.every((effect) => readOnly.has(effect)))
      .map(({ name }) => `${name} has effects and no preview`),
    ...actions.flatMap(({ name, examples = [], input }) =>
      examples
        .filter((example) => !new Validator(input as Schema, '2020-12').validate(example.input).valid)
        .map(() => `an example of ${name} does not fit its input`),
    ),
  ];
}

function check(schema: Schema, value: unknown, what: string): void {
  const { valid, errors } = new Validator(schema, '2020-12', false).validate(value);
  if (!valid) throw new Error(`${what} does not fit the manifest: ${JSON.stringify(errors, undefined, 1)}`);
}
