import type { InputSpec, Workflow } from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { App } from '../../app.ts';
import type { Choice, Questions } from '../questions.ts';
import { chooseProfile } from '../run/choose-profile.ts';
import type { RunArguments } from '../run/flags.ts';
import { HYGIENE_PROFILES } from '../run/hygiene-profiles.ts';

/** What a person wants of one run. */
export interface Answers {
  readonly profile?: string;
  /** Ids in the order of the workflow; undefined: all that the profile has. */
  readonly steps?: readonly string[];
  /** Inputs that differ from what holds without being asked for. */
  readonly inputs: JsonObject;
  /** The flag that says how to go on; undefined: show the plan, then ask. */
  readonly way?: '--plan' | '--yes';
}

/**
 * Asks for profile, steps and every input that is a switch or one of several values, by the workflow's own schema; what was
 * typed or settled is where each question stands at first. Changes nothing. Throws `TurnedAway`.
 */
export async function interview(
  app: App,
  workflow: Workflow,
  typed: RunArguments,
  questions: Questions,
): Promise<Answers> {
  const { flags } = typed;
  const usual = chooseProfile(app, workflow, flags.profile);
  const profile = await askProfile(app, usual.profile, questions);
  const choice = profile === usual.profile ? usual : chooseProfile(app, workflow, profile);
  const offered = flags.steps ?? choice.steps;
  const steps = await askSteps(workflow, offered, flags.skip ?? choice.skip ?? [], questions);
  const base = { ...defaultsOf(workflow), ...choice.inputs };
  const inputs = await askInputs(workflow, base, { ...base, ...typed.inputs }, questions);
  const way = await questions.one<'ask' | '--plan' | '--yes'>(
    'And then?',
    [
      { value: 'ask', label: 'Show the plan, then ask' },
      { value: '--plan', label: 'Show the plan only' },
      { value: '--yes', label: 'Apply without asking' },
    ],
    flags.plan === true ? '--plan' : flags.yes === true ? '--yes' : 'ask',
  );
  return {
    ...(profile === undefined ? {} : { profile }),
    ...(steps === undefined ? {} : { steps }),
    inputs,
    ...(way === 'ask' ? {} : { way }),
  };
}

async function askProfile(
  app: App,
  usual: string | undefined,
  questions: Questions,
): Promise<string | undefined> {
  if (usual === undefined) return undefined;
  const names = Object.keys({ ...HYGIENE_PROFILES, ...app.config.hygiene.profiles });
  const choices = names.map((value) => ({ value, label: value }));
  return questions.one('Which profile?', choices, usual);
}

async function askSteps(
  workflow: Workflow,
  offered: readonly string[] | undefined,
  skipped: readonly string[],
  questions: Questions,
): Promise<readonly string[] | undefined> {
  const named = (step: Workflow['steps'][number], names: readonly string[]) =>
    [step.id, ...(step.aliases ?? [])].some((name) => names.includes(name));
  const first = workflow.steps
    .filter((step) => (offered === undefined || named(step, offered)) && !named(step, skipped))
    .map(({ id }) => id);
  const choices = workflow.steps.map(({ id, name }) => ({ value: id, label: name ?? id }));
  const chosen = await questions.several('Which steps?', choices, first, true);
  const ids = workflow.steps.map(({ id }) => id).filter((id) => chosen.includes(id));
  // Nothing is said where the profile says the same: it may have an order of its own.
  return ids.join() === first.join() ? undefined : ids;
}

async function askInputs(
  workflow: Workflow,
  base: JsonObject,
  first: JsonObject,
  questions: Questions,
): Promise<JsonObject> {
  const changed: JsonObject = {};
  const specs = Object.entries(workflow.inputs);
  const switches = specs.filter(([, spec]) => spec['type'] === 'boolean');
  if (switches.length > 0) {
    const on = switches.map(([name]) => name).filter((name) => first[name] === true);
    const chosen = await questions.several('What shall hold?', switches.map(choiceOf), on);
    for (const [name] of switches) changed[name] = chosen.includes(name);
  }
  for (const [name, spec] of specs) {
    const values = spec['enum'];
    if (!Array.isArray(values) || values.some((value) => typeof value !== 'string')) continue;
    const choices = values.map((value) => ({ value: String(value), label: String(value) }));
    changed[name] = await questions.one(`${describe(name, spec)}:`, choices, String(first[name] ?? ''));
  }
  return {
    ...only(first, (name, value) => value !== base[name]),
    ...only(changed, (name, value) => value !== (base[name] ?? false)),
    // An answer takes back what was typed.
    ...only(changed, (name) => name in first && first[name] !== base[name]),
  };
}

function only(values: JsonObject, test: (name: string, value: JsonValue) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => test(name, value)));
}

function choiceOf([name, spec]: readonly [string, InputSpec]): Choice<string> {
  return { value: name, label: describe(name, spec) };
}

function describe(name: string, spec: InputSpec): string {
  return typeof spec['description'] === 'string' ? spec['description'] : name;
}

function defaultsOf(workflow: Workflow): JsonObject {
  const defaults = Object.entries(workflow.inputs).flatMap(([name, spec]) =>
    spec['default'] === undefined ? [] : [[name, spec['default']] as const],
  );
  return Object.fromEntries(defaults) as JsonObject;
}
