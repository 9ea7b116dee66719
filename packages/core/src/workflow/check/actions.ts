import type { ActionManifest, JsonObject, JsonValue } from '@cadre/sdk';
import { hasExpression } from '../../expression/template.ts';
import { schemaOutside } from '../../manifest/artifact-schema.ts';
import { nearest } from '../../nearest.ts';
import { validateSchema } from '../validate-schema.ts';
import type { PlacedStep } from '../walk-steps.ts';
import type { Step } from '../workflow.ts';
import type { Finding } from './finding.ts';

/** The actions that are there to be called. */
export interface ActionCatalog {
  /** By `worker/action` or `worker/action@range`. */
  find(uses: string): ActionManifest | undefined;
  names(): string[];
}

type ActionStep = Extract<Step, { kind: 'action' }>;

/** Whether the actions exist and what is given to them fits. */
export function checkActions(placed: readonly PlacedStep[], catalog: ActionCatalog): Finding[] {
  return placed.flatMap(({ step, path }) => {
    const findings = step.kind === 'action' ? checkAction(step, catalog) : [];
    return findings.map((finding) => ({ ...finding, path: [...path, ...finding.path], step }));
  });
}

function checkAction(step: ActionStep, catalog: ActionCatalog): Finding[] {
  const action = catalog.find(step.uses);
  if (action === undefined) return [unknownAction(step.uses, catalog.names())];
  return [...checkWith(step.with, action), ...checkRetry(step, action), ...checkCommand(step)];
}

function unknownAction(uses: string, names: readonly string[]): Finding {
  const name = uses.split('@')[0] ?? uses;
  const [worker = '', action = ''] = name.split('/');
  // `git/comit` is near as a whole; of `gti/commit` and of `git/save` one half is right.
  const byHalves = names.filter((each) => each.endsWith(`/${action}`) || each.startsWith(`${worker}/`));
  const near = [...new Set([...nearest(name, names), ...byHalves])].slice(0, 5);
  const known = names.includes(name);
  return {
    code: 'unknown_action',
    message: known
      ? `no installed version of ${name} lies in ${uses.slice(name.length + 1)}`
      : `there is no action ${name}`,
    path: ['uses'],
    suggestion:
      near.length > 0 && !known
        ? `did you mean ${near.join(' or ')}?`
        : 'cadre worker list shows what there is',
  };
}

/** What is written out; what expressions give is not known before the run. */
function checkWith(inputs: JsonObject, action: ActionManifest): Finding[] {
  return validateSchema(schemaOutside(action.input), inputs)
    .filter(
      ({ path, kind }) => kind === 'unknown' || kind === 'missing' || !holdsExpression(at(inputs, path)),
    )
    .map(({ path, kind, message, suggestion }) => ({
      code: CODES[kind],
      message: `the input of ${action.name}: ${message}`,
      path: kind === 'missing' ? ['with', ...path.slice(0, -1)] : ['with', ...path],
      ...(suggestion !== undefined && { suggestion }),
    }));
}

const CODES = {
  unknown: 'unknown_input',
  missing: 'missing_input',
  wrong: 'wrong_input',
  schema: 'wrong_schema',
} as const;

function at(value: JsonValue, path: readonly (string | number)[]): JsonValue {
  return path.reduce<JsonValue>((inner, key) => (inner as JsonObject)[key] ?? null, value);
}

function holdsExpression(value: JsonValue): boolean {
  if (typeof value === 'string') return hasExpression(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsExpression);
}

function checkRetry(step: ActionStep, action: ActionManifest): Finding[] {
  const repeatable =
    action.idempotent === true || action.effects.every((effect) => effect === 'none' || effect === 'read');
  const retries = step.retry !== undefined && step.retry.attempts > 1 && step.retry.on === undefined;
  if (!retries || repeatable) return [];
  return [
    {
      code: 'retry_not_idempotent',
      message: `${step.uses} has effects and does not say that doing it twice is the same as once`,
      path: ['retry'],
      suggestion: 'retry it only for failure codes that prove that nothing happened: `on: […]`',
      warning: true,
    },
  ];
}

/** What a shell reads as part of its command can end it and begin another. */
function checkCommand(step: ActionStep): Finding[] {
  const command = step.uses === 'shell/run' ? step.with['command'] : undefined;
  if (typeof command !== 'string' || !hasExpression(command)) return [];
  return [
    {
      code: 'expression_in_command',
      message:
        'the value of an expression becomes part of the command, with every character that means something to a shell',
      path: ['with', 'command'],
      suggestion: 'give it as `env` and write "$NAME" in the command',
      warning: true,
    },
  ];
}
