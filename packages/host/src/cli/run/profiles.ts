import { CadreError, nearest } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';
import { HYGIENE_PROFILES, type Profile } from './hygiene-profiles.ts';

/** A profile with all that it extends. */
export interface Choice extends Omit<Profile, 'extends' | 'inputs'> {
  /** Of the profiles that ship: defaults, which a setting of the repository may change. */
  readonly defaults: JsonObject;
  /** Of the repository's own profiles, which know better than its settings for all of them. */
  readonly inputs: JsonObject;
}

export const NO_CHOICE: Choice = { defaults: {}, inputs: {} };

/** A profile with all it extends, nearest setting first. Throws `not_found` or, for a circle, `config_invalid`. */
export function resolveProfile(name: string, own: Readonly<Record<string, Profile>>): Choice {
  const known = { ...HYGIENE_PROFILES, ...own };
  const seen: string[] = [];
  let choice = NO_CHOICE;
  for (let next: string | undefined = name; next !== undefined; ) {
    if (seen.includes(next)) {
      throw new CadreError(
        'config_invalid',
        `profiles extend each other in a circle: ${[...seen, next].join(' → ')}`,
        { hint: 'take one `extends` out' },
      );
    }
    seen.push(next);
    const profile: Profile | undefined = known[next];
    if (profile === undefined) throw unknownProfile(next, Object.keys(known));
    choice = extended(choice, profile, Object.hasOwn(own, next));
    next = profile.extends;
  }
  return choice;
}

function extended(choice: Choice, profile: Profile, isOwn: boolean): Choice {
  const { extends: _, inputs = {}, onError, ...rest } = profile;
  const given = Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== undefined));
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    ...present,
    ...choice,
    ...(onError === undefined ? {} : { onError: { ...onError, ...choice.onError } }),
    defaults: isOwn ? choice.defaults : { ...given, ...choice.defaults },
    inputs: isOwn ? { ...given, ...choice.inputs } : choice.inputs,
  };
}

function unknownProfile(name: string, known: readonly string[]): CadreError {
  const [likely] = nearest(name, known);
  return new CadreError('not_found', `there is no profile "${name}"`, {
    hint: likely === undefined ? `one of ${known.join(', ')}` : `--profile ${likely}`,
  });
}
