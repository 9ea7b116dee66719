import { amountText } from '../../budget/amount-text.ts';
import { nearlyUsed } from '../../budget/limits.ts';
import { type BudgetScope, scopesAt } from './budget.ts';
import { type Draft, emit } from './draft.ts';

/**
 * Whether a person has to be asked before a step begins, because four fifths of a limit that holds for it are used; then the
 * step waits for their answer. Nobody is asked twice about one limit, and in a rehearsal nobody at all.
 */
export function asksForBudget(draft: Draft, step: string): boolean {
  const { asksForBudget: asks, mode, warned, allowed } = draft.state;
  if (asks === undefined || mode === 'plan' || warned.size === allowed.size) return false;
  const open = scopesAt(draft, step).flatMap((scope) => sentencesOf(draft, scope));
  if (open.length === 0) return false;
  emit(draft, {
    type: 'step.waiting',
    step,
    question: { kind: 'budget', prompt: `${open.join('; ')}. Go on?` },
  });
  return true;
}

function sentencesOf({ state }: Draft, { path, budget, used: usage }: BudgetScope): string[] {
  const whose = path === '' ? 'the run' : `the step '${path}'`;
  return nearlyUsed(budget, usage)
    .filter(({ limit }) => !state.allowed.has(`${path} ${limit}`))
    .map(({ limit, planned, used }) => {
      return `${whose} has used ${amountText(limit, used)} of ${amountText(limit, planned)}`;
    });
}
