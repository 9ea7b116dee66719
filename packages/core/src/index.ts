export { ArtifactReference } from './artifact/artifact-reference.ts';
export type { Artifacts } from './artifact/artifacts.ts';
export { ArtifactsNeeded } from './artifact/artifacts-needed.ts';
export { holdsReference, isReference, loadArtifacts, referencesIn } from './artifact/load-artifacts.ts';
export { referHandles } from './artifact/refer-handles.ts';
export { isMarked, parseValue, valueText } from './artifact/value-text.ts';
export { amountText } from './budget/amount-text.ts';
export type { Amount, LimitName, Overrun } from './budget/limits.ts';
export { type Money, parseMoney } from './budget/money.ts';
export { addUsage, type MeasuredBy, type Usage } from './budget/usage.ts';
export { parseRequirements } from './dependency/parse-requirements.ts';
export {
  isPackageId,
  nameOfPackage,
  nameOfRequirement,
  type PackageKind,
  type PackageVersion,
  type Requirement,
  SKILL_ID,
  WORKER_ID,
} from './dependency/requirement.ts';
export {
  createResolver,
  type RequirementFault,
  type Resolution,
  resolveRequirements,
} from './dependency/resolve-requirements.ts';
export { type WhyChosen, whyChosen } from './dependency/why-chosen.ts';
export { CadreError, ERROR_CODES, type ErrorCode, type ErrorExtras, isCadreError } from './errors.ts';
export { endOfAttempt } from './event/end-of-attempt.ts';
export {
  attemptOfStream,
  envelopeOf,
  envelopeOfRunEvent,
  extensionStream,
  type Told,
} from './event/envelope.ts';
export { envelopeSchema } from './event/envelope-schema.ts';
export { compileFilter } from './event/event-filter.ts';
export { OTHER_TOPICS, RUN_TOPICS, type TopicNote } from './event/topics.ts';
export { type EvaluateOptions, evaluate } from './expression/evaluate.ts';
export type { ExpressionFault } from './expression/explain-error.ts';
export { type References, references } from './expression/references.ts';
export { patternReplacer } from './expression/regular-expression.ts';
export type { Scope, StepView } from './expression/scope.ts';
export { topicFits } from './expression/topic.ts';
export { canonicalJson } from './json.ts';
export { artifactsOf, schemaOutside } from './manifest/artifact-schema.ts';
export {
  callSentence,
  coversCall,
  mayCall,
  unownedEffects,
  versionFits,
  versionToCall,
} from './manifest/calls.ts';
export { checkCalls, type KnownWorker } from './manifest/check-calls.ts';
export { checkValue, type ValueFault } from './manifest/check-value.ts';
export {
  diffManifests,
  type ManifestChange,
  type ManifestDifference,
  type VersionStep,
} from './manifest/diff-manifests.ts';
export { manifestSchema } from './manifest/manifest-schema.ts';
export { nameAmongVersions } from './manifest/name-among-versions.ts';
export { type ParsedManifest, parseManifest } from './manifest/parse-manifest.ts';
export { rangeFor, requirementsOf } from './manifest/requirements-of.ts';
export { actionNames, LIST_TOOLS } from './mcp/action-names.ts';
export { mcpManifest } from './mcp/mcp-manifest.ts';
export type { McpAuth, McpReach, McpServer, PinnedTool } from './mcp/mcp-server.ts';
export { mcpServerSchema } from './mcp/mcp-server-schema.ts';
export { type ParsedMcpServer, parseMcpServer } from './mcp/parse-mcp-server.ts';
export { type ToolChange, toolChanges } from './mcp/tool-changes.ts';
export { didYouMean, nearest } from './nearest.ts';
export { once } from './once.ts';
export { isPublicAddress, isThisMachine } from './policy/address.ts';
export { asciiText, exactText } from './policy/exact-text.ts';
export { globCovers } from './policy/glob.ts';
export { splitHost } from './policy/host-scope.ts';
export { loginSecret, serverOfLogin } from './policy/login-secret.ts';
export type { Places } from './policy/path-scope.ts';
export {
  covers,
  formatPermission,
  intersect,
  type ParsedPermission,
  type Permission,
  parsePermission,
  permissionSentence,
  placePermission,
} from './policy/permission.ts';
export { PERMISSION_TYPES, type PermissionType } from './policy/permission-types.ts';
export { plainText } from './policy/plain-text.ts';
export {
  type Decision,
  decidePermission,
  deniedWithin,
  type PlacedPolicy,
  type Policy,
  placePolicy,
  policyFor,
  type Verdict,
} from './policy/policy.ts';
export { splitSecret } from './policy/secret-scope.ts';
export { apply, restore } from './run/apply.ts';
export {
  type BudgetReport,
  budgetReport,
  type LimitReport,
  type UseReport,
} from './run/budget-report.ts';
export type { CacheWish, Command } from './run/commands.ts';
export { wallLimitAt } from './run/decide/time.ts';
export { decide, type Moment, type RunDecision } from './run/decide.ts';
export {
  answersTo,
  type NumberedEvent,
  type Question,
  type RunEvent,
  type RunEventBody,
  type Wait,
} from './run/events.ts';
export { groupOf } from './run/group.ts';
export { type KeptVersions, keptVersions } from './run/kept-versions.ts';
export { type ReportedStep, runReport } from './run/report.ts';
export { commandsOnResume, pendingAttempts } from './run/resume.ts';
export type { RunState, StepState } from './run/state.ts';
export { isOver, RUN_STATUSES, type RunStatus, STEP_STATUSES, type StepStatus } from './run/status.ts';
export { EVENT_VERSION, upcast } from './run/upcast.ts';
export { sha256 } from './sha256.ts';
export { diffSkills, type SkillContent, scriptsOf } from './skill/diff-skills.ts';
export { type ParsedSkill, parseSkill } from './skill/parse-skill.ts';
export type { Skill } from './skill/skill.ts';
export { formatDuration, parseDuration, parseSize } from './time.ts';
export { inputsOfEvent } from './trigger/inputs-of-event.ts';
export { type ParsedTrigger, parseTrigger } from './trigger/parse-trigger.ts';
export type { Overlap, Signature, Trigger, TriggerOn } from './trigger/trigger.ts';
export { triggerSchema } from './trigger/trigger-schema.ts';
export type { ActionCatalog } from './workflow/check/actions.ts';
export { type CheckedInputs, type CheckInputsOptions, checkInputs } from './workflow/check-inputs.ts';
export { checkWorkflow } from './workflow/check-workflow.ts';
export { defineWorkflow } from './workflow/define-workflow.ts';
export type { StepSpec, WorkflowDocument, WorkflowSpec } from './workflow/document.ts';
export { dependencies, waves } from './workflow/graph.ts';
export { inputReaders } from './workflow/input-readers.ts';
export { isDestructive } from './workflow/is-destructive.ts';
export { type ParseOptions, parseWorkflow } from './workflow/parse-workflow.ts';
export { type Selected, type Selection, selectSteps } from './workflow/select-steps.ts';
export { type Changed, setOnError } from './workflow/set-on-error.ts';
export { unbuiltProblems } from './workflow/unbuilt-problems.ts';
export { validateSchema } from './workflow/validate-schema.ts';
export { walkSteps } from './workflow/walk-steps.ts';
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
export { workflowMermaid } from './workflow/workflow-mermaid.ts';
export { workflowSchema } from './workflow/workflow-schema.ts';
