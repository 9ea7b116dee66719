export { CadreError, ERROR_CODES, type ErrorCode, type ErrorExtras, isCadreError } from './errors.ts';
export { canonicalJson } from './json.ts';
export type { Command } from './run/commands.ts';
export type { NumberedEvent, Question, RunEvent, RunEventBody } from './run/events.ts';
export type { RunState, StepState } from './run/state.ts';
export { isOver, RUN_STATUSES, type RunStatus, STEP_STATUSES, type StepStatus } from './run/status.ts';
export type {
  Budget,
  CheckCondition,
  ChooseBranch,
  Concurrency,
  InputSpec,
  OnError,
  Parsed,
  Position,
  Problem,
  Retry,
  Step,
  StepCommon,
  StepKind,
  Workflow,
} from './workflow/workflow.ts';
