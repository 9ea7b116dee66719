import type { Step, Workflow } from '@cadre/core';
import type { JsonValue } from '@cadre/sdk';
import type { App } from '../../app.ts';
import type { Profile } from '../run/hygiene-profiles.ts';
import { resolveProfile } from '../run/profiles.ts';

type Profiles = Readonly<Record<string, Profile>>;

/** An input that a step depends on, as it holds without flags, and what says so. */
export interface StepSetting {
  readonly name: string;
  readonly value: JsonValue;
  readonly origin: string;
}

const SET_BY_FLAG = ['path', 'paths', 'changed'];

/** The inputs that a step's own text names, with what decides each: a variable, the profile, a file, or the workflow. */
export function settingsOf(
  app: Pick<App, 'config' | 'settings'>,
  workflow: Workflow,
  step: Step,
  profile: string,
): readonly StepSetting[] {
  const names = new Set([...JSON.stringify(step).matchAll(/\binputs\.(\w+)/g)].map(([, name = '']) => name));
  const { defaults, inputs } = resolveProfile(profile, app.config.hygiene.profiles as Profiles);
  return [...names]
    .filter((name) => name in workflow.inputs && !SET_BY_FLAG.includes(name))
    .map((name) => {
      const { layers, value } = app.settings.explain(`hygiene.${name}`);
      const winner = layers.findLast(({ wins }) => wins);
      const settled = winner && { name, value: value as JsonValue, origin: winner.origin };
      if (winner?.layer === 'environment') return settled as StepSetting;
      // As a run takes them: own profiles before files, files before the profiles in the box.
      if (inputs[name] !== undefined) return { name, value: inputs[name], origin: `profile ${profile}` };
      if (settled !== undefined) return settled;
      if (defaults[name] !== undefined) return { name, value: defaults[name], origin: `profile ${profile}` };
      return { name, value: workflow.inputs[name]?.['default'] ?? null, origin: 'default' };
    });
}
