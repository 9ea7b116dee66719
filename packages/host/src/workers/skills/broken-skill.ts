import { CadreError } from '@cadre/core';
import type { BrokenSkill } from '../../ports/skills.ts';

/** Says all that is wrong, since people mend one thing after the other. */
export function brokenSkill({ id, problems }: BrokenSkill): CadreError {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const said = errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return new CadreError('invalid_skill', `the skill ${id} cannot be used: ${said.join('; ')}`, {
    hint: errors[0]?.suggestion ?? 'cadre skill validate',
    details: problems,
  });
}
