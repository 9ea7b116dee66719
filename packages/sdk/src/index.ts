export type {
  ActionContext,
  CallOptions,
  Completed,
  ExecOptions,
  Fetched,
  FetchOptions,
  FetchPart,
  FetchText,
  LogLevel,
  Progress,
  SecretReference,
  Spent,
  StreamWriter,
} from './context.ts';
export { type Credit, createCredit } from './credit.ts';
export {
  type ActionHandler,
  defineAction,
  defineWorker,
  HOOKS,
  type Hook,
  type HookName,
  type Worker,
  type WorkerContext,
} from './define-worker.ts';
export { EFFECT_CLASSES, type Effect, type EffectClass } from './effect.ts';
export {
  ENVELOPE_VERSION,
  type Envelope,
  type Extension,
  type ExtensionEnd,
  sizeOfPiece,
} from './envelope.ts';
export {
  ActionError,
  type Failure,
  type FailureExtras,
  failure,
  type Outcome,
  SKIPPED,
  skip,
  toFailure,
} from './failure.ts';
export type { JsonObject, JsonSchema, JsonValue } from './json.ts';
export type { ActionManifest, Dependency, Manifest, ProgramManifest, Purity } from './manifest.ts';
export {
  AGENT_TARGET,
  type CallContext,
  type CalledAction,
  type HookContext,
  type HostMessage,
  MAX_LINE_BYTES,
  OLDEST_PROTOCOL,
  PROTOCOL_OF,
  PROTOCOL_VERSION,
  type StreamMessage,
  type StreamRequest,
  type WorkerMessage,
  type WorkerRequest,
} from './protocol.ts';
export type { Change, Finding, Skipped, StepReport, Timing } from './report.ts';
export type { SshAccess, SshPlace } from './ssh-place.ts';
export {
  CHUNK,
  CREDIT,
  isStreamHandle,
  MOST_STREAMS,
  type StreamHandle,
  type StreamOptions,
} from './stream-handle.ts';
