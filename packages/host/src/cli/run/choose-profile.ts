import type { Workflow } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';
import type { App } from '../../app.ts';
import { usageError } from '../exit.ts';
import type { Profile } from './hygiene-profiles.ts';
import { type Choice, resolveProfile } from './profiles.ts';

type Profiles = Readonly<Record<string, Profile>>;

export interface Chosen extends Omit<Choice, 'defaults'> {
  readonly profile?: string;
}

/** Profiles and settings of the section `hygiene` belong to the workflow of that name. */
export function chooseProfile(
  app: Pick<App, 'config' | 'settings'>,
  workflow: Workflow,
  named: string | undefined,
): Chosen {
  if (workflow.name === 'pre-commit') return { inputs: quickInputs(app) };
  if (workflow.name !== 'hygiene') {
    if (named !== undefined) throw usageError(`the workflow ${workflow.name} has no profiles`);
    return { inputs: {} };
  }
  const profile = named ?? app.config.hygiene.profile;
  const { defaults, inputs, ...choice } = resolveProfile(profile, app.config.hygiene.profiles as Profiles);
  const settled = settledInputs(app);
  return { ...choice, inputs: { ...defaults, ...settled.files, ...inputs, ...settled.variables }, profile };
}

/** What the profile `quick` of this repository comes to in a git hook. */
export function quickInputs(app: Pick<App, 'config' | 'settings'>): JsonObject {
  const { steps = [], skip = [], inputs } = resolveProfile('quick', app.config.hygiene.profiles as Profiles);
  const settled = settledInputs(app);
  const { exclude } = { ...settled.files, ...inputs, ...settled.variables };
  const quick = steps.filter((step) => !skip.includes(step));
  return { ...(quick.length === 0 ? {} : { quick }), ...(exclude === undefined ? {} : { exclude }) };
}

/** What the section `hygiene` says for all profiles: in files, and in variables, which are said for this run alone. */
function settledInputs({ config, settings }: Pick<App, 'config' | 'settings'>): {
  files: JsonObject;
  variables: JsonObject;
} {
  const { profile: _, profiles: __, timeout: ___, ...inputs } = config.hygiene;
  const found = { files: {} as JsonObject, variables: {} as JsonObject };
  for (const [key, value] of Object.entries(inputs as JsonObject)) {
    if (value === undefined) continue;
    const { layers } = settings.explain(`hygiene.${key}`);
    const isVariable = layers.findLast(({ wins }) => wins)?.layer === 'environment';
    found[isVariable ? 'variables' : 'files'][key] = value;
  }
  return found;
}
