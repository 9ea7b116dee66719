import type { Manifest } from '@cadre/sdk';
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
      if (typeof given === 'string') return { kind, id, range: given };
      return { kind, id, range: given.range, ...(given.optional === true && { optional: true as const }) };
    }),
  );
}
