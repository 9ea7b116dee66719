import type { JsonObject, JsonSchema, JsonValue } from '@cadre/sdk';
import { coerceText } from './coerce-text.ts';
import { formatPath } from './path.ts';
import { suggest } from './shape.ts';
import { suggestInput } from './suggest-input.ts';
import { type Misfit, validateSchema } from './validate-schema.ts';
import type { Problem, Workflow } from './workflow.ts';

export type CheckedInputs =
  | { readonly ok: true; readonly inputs: JsonObject }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface CheckInputsOptions {
  /** Texts become what the type of their input asks for, because a command line has nothing else. */
  readonly coerce?: boolean;
}

/** The inputs of a run: what was given, and the defaults of the rest, when all of it fits. */
export function checkInputs(
  workflow: Workflow,
  given: JsonObject,
  options: CheckInputsOptions = {},
): CheckedInputs {
  const specs = Object.entries(workflow.inputs);
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(workflow.inputs, name));
  const inputs = specs.flatMap(([name, spec]) => valueFor(name, spec, given, options.coerce === true));
  const values = new Map(inputs);
  const problems = [
    ...unknown.map((name) => unknownInput(name, workflow)),
    ...specs.flatMap(([name, spec]) => problemsOf(name, spec, values.get(name))),
  ];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, inputs: Object.fromEntries(inputs) };
}

function valueFor(name: string, spec: JsonSchema, given: JsonObject, coerce: boolean): [string, JsonValue][] {
  const value = Object.hasOwn(given, name) ? given[name] : spec['default'];
  if (value === undefined) return [];
  return [[name, coerce && typeof value === 'string' ? coerceText(value, spec) : value]];
}

function problemsOf(name: string, spec: JsonSchema, value: JsonValue | undefined): Problem[] {
  if (value !== undefined) return validateSchema(spec, value).map((misfit) => wrongInput(name, misfit));
  const about = typeof spec['description'] === 'string' ? spec['description'] : undefined;
  return [problem('missing_input', `the input \`${name}\` must be given`, ['inputs', name], about)];
}

function wrongInput(name: string, { path, message, suggestion }: Misfit): Problem {
  const at = ['inputs', name, ...path];
  return problem('wrong_input', `${formatPath(at)}: ${message}`, at, suggestion);
}

function unknownInput(name: string, workflow: Workflow): Problem {
  const message = `the workflow ${workflow.name} has no input \`${name}\``;
  return problem('unknown_input', message, ['inputs', name], suggestInput(name, workflow));
}

function problem(
  code: string,
  message: string,
  path: readonly (string | number)[],
  suggestion?: string,
): Problem {
  return { severity: 'error', code, message, path: formatPath(path), ...suggest(suggestion) };
}
