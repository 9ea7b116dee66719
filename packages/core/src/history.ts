/**
 * What it takes to list what happened. Nothing in here parses a workflow, evaluates an expression or makes a state of events,
 * so a command that only looks starts quickly. `replay.ts` has what makes a state; everything comes from `index.ts`.
 */

export { ArtifactReference } from './artifact/artifact-reference.ts';
export { ArtifactsNeeded } from './artifact/artifacts-needed.ts';
export { holdsReference, isReference, loadArtifacts, referencesIn } from './artifact/load-artifacts.ts';
export { referHandles } from './artifact/refer-handles.ts';
export { isMarked, parseValue, valueText } from './artifact/value-text.ts';
export type { MeasuredBy, Usage } from './budget/usage.ts';
export { CadreError, ERROR_CODES, type ErrorCode, type ErrorExtras, isCadreError } from './errors.ts';
export { endOfAttempt } from './event/end-of-attempt.ts';
export {
  attemptOfStream,
  envelopeOf,
  envelopeOfRunEvent,
  extensionStream,
  type Told,
} from './event/envelope.ts';
export { topicFits } from './expression/topic.ts';
export { canonicalJson } from './json.ts';
export { didYouMean, nearest } from './nearest.ts';
export { asciiText, exactText } from './policy/exact-text.ts';
export { plainText } from './policy/plain-text.ts';
export {
  answersTo,
  type NumberedEvent,
  type Question,
  type RunEvent,
  type RunEventBody,
} from './run/events.ts';
export type { KeptVersions } from './run/kept-versions.ts';
export { hasBudget, type ReportedStep, runReport } from './run/report.ts';
export type { RunState, StepState } from './run/state.ts';
export { isOver, RUN_STATUSES, type RunStatus, STEP_STATUSES, type StepStatus } from './run/status.ts';
export { EVENT_VERSION, upcast } from './run/upcast.ts';
export { sha256 } from './sha256.ts';
export type { Workflow } from './workflow/workflow.ts';
