/** What it takes to advance a run: decisions, and the checks of what is given to it. See `history.ts`. */
export type { Artifacts } from './artifact/artifacts.ts';
export { amountText } from './budget/amount-text.ts';
export { type Amount, type LimitName, largestShare, type Overrun, overrunOf } from './budget/limits.ts';
export { parseMoney } from './budget/money.ts';
export { addUsage, isNothing, latestUsage } from './budget/usage.ts';
export type { Command } from './run/commands.ts';
export { wallExceeded } from './run/decide/step-time.ts';
export { wallLimitAt } from './run/decide/time.ts';
export { decide, type Moment, type RunDecision } from './run/decide.ts';
export { answersTo } from './run/events.ts';
export { groupOf } from './run/group.ts';
export { isLimitedWorkflow } from './run/outline.ts';
export { priorityAt } from './run/priority.ts';
export { commandsOnResume, pendingAttempts } from './run/resume.ts';
export { type CheckedInputs, type CheckInputsOptions, checkInputs } from './workflow/check-inputs.ts';
export { unbuiltProblems } from './workflow/unbuilt-problems.ts';
export { validateSchema } from './workflow/validate-schema.ts';
export type { Budget, Concurrency, Problem } from './workflow/workflow.ts';
