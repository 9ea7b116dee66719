import { CadreError, nearest } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';

export interface Profile {
  readonly extends?: string | undefined;
  readonly steps?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly inputs?: JsonObject | undefined;
}

/** The profiles that ship with the hygiene workflow (HYG-16). */
export const HYGIENE_PROFILES: Readonly<Record<string, Profile>> = {
  standard: {},
  quick: { steps: ['format', 'lint', 'test'], inputs: { commit: false } },
  full: { inputs: { requireBackup: true, audit: true } },
  ci: {
    steps: ['format', 'lint', 'test', 'scan', 'audit', 'ready', 'verdict'],
    inputs: { check: true, audit: true, commit: false, requireTests: true },
  },
  nightly: { extends: 'full', inputs: { docs: true } },
};

export interface Choice {
  readonly steps?: readonly string[];
  readonly skip?: readonly string[];
  readonly inputs: JsonObject;
}

/** A profile with all it extends, nearest setting first. Throws `not_found` or, for a circle, `config_invalid`. */
export function resolveProfile(name: string, own: Readonly<Record<string, Profile>>): Choice {
  const known = { ...HYGIENE_PROFILES, ...own };
  const seen: string[] = [];
  let choice: Choice = { inputs: {} };
  for (let next: string | undefined = name; next !== undefined; ) {
    if (seen.includes(next)) {
      throw new CadreError(
        'config_invalid',
        `profiles extend each other in a circle: ${[...seen, next].join(' → ')}`,
      );
    }
    seen.push(next);
    const profile: Profile | undefined = known[next];
    if (profile === undefined) throw unknownProfile(next, Object.keys(known));
    const steps = choice.steps ?? profile.steps;
    const skip = choice.skip ?? profile.skip;
    choice = {
      ...(steps === undefined ? {} : { steps }),
      ...(skip === undefined ? {} : { skip }),
      inputs: { ...profile.inputs, ...choice.inputs },
    };
    next = profile.extends;
  }
  return choice;
}

function unknownProfile(name: string, known: readonly string[]): CadreError {
  const [likely] = nearest(name, known);
  return new CadreError('not_found', `there is no profile "${name}"`, {
    hint: likely === undefined ? `one of ${known.join(', ')}` : `--profile ${likely}`,
  });
}
