import type { Dependency, Manifest } from '@cadre/sdk';
import type { Requirement } from '../dependency/requirement.ts';

/** The workers and skills that a worker depends on. */
export function requirementsOf({
  dependencies = {},
  skills = {},
}: Pick<Manifest, 'dependencies' | 'skills'>): readonly Requirement[] {
  return (
    [
      ['worker', dependencies],
      ['skill', skills],
    ] as const
  ).flatMap(([kind, named]) =>
    Object.entries(named).map(([id, given]): Requirement => {
      const isOptional = typeof given !== 'string' && given.optional === true;
      return { kind, id, range: rangeOf(given), ...(isOptional && { optional: true as const }) };
    }),
  );
}

/** The versions that a worker can work with of another one that it names; undefined: it names none. */
export function rangeFor(
  id: string,
  { dependencies = {} }: Pick<Manifest, 'dependencies'>,
): string | undefined {
  const given = dependencies[id];
  return given === undefined ? undefined : rangeOf(given);
}

function rangeOf(given: Dependency): string {
  return typeof given === 'string' ? given : given.range;
}
