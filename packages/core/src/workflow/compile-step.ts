import type { JsonObject, JsonValue } from '@cadre/sdk';
import { compileBudget, compileRetry, durationMs } from './compile-limits.ts';
import type { BranchSpec, RouteSpec, StepCommonSpec, StepSpec, UnbuiltSpec, WaitSpec } from './document.ts';
import type { Path } from './path.ts';
import { type FindPosition, rememberRun } from './positions.ts';
import { STEP_KINDS } from './step-shapes.ts';
import type { CheckCondition, ErrorRoute, OnError, Retry, Step, StepCommon, StepKind } from './workflow.ts';

export interface StepContext {
  /** What a step's own `retry` is filled up from. */
  readonly retry: Retry;
  readonly findPosition: FindPosition;
  /** The `step-N` of the next step; called once for each, in the order of the text. */
  readonly nextId: () => string;
}

export function compileSteps(specs: readonly StepSpec[], path: Path, context: StepContext): Step[] {
  return specs.map((spec, index) => compileStep(spec, [...path, index], context));
}

function compileStep(spec: StepSpec, path: Path, context: StepContext): Step {
  // Before anything inside it, so that the numbers follow the text.
  const givenId = context.nextId();
  const step = {
    ...compileCommon(spec, spec.id ?? givenId, path, context),
    ...compileKind(spec, path, context),
  };
  if ('run' in spec) rememberRun(step);
  return step;
}

function compileCommon(spec: StepCommonSpec, id: string, path: Path, context: StepContext): StepCommon {
  const position = context.findPosition(path);
  const undo = spec.compensate && compileSteps(spec.compensate, [...path, 'compensate'], context);
  return {
    id,
    ...pick(spec, ['name', 'aliases', 'heldBy', 'permissions', 'idempotencyKey', 'class', 'priority']),
    ...(spec.if !== undefined && { if: compileCondition(spec.if) }),
    ...(spec.shard !== undefined && { shard: String(spec.shard) }),
    needs: spec.needs ?? [],
    ...(spec.timeout !== undefined && { timeoutMs: durationMs(spec.timeout) }),
    ...(spec.retry !== undefined && { retry: compileRetry(spec.retry, context.retry) }),
    onError: compileOnError(spec.onError ?? 'abort', [...path, 'onError'], context),
    // The environment of a shell command is an input of its action.
    ...(spec.env !== undefined && !('run' in spec) && { env: compileEnvironment(spec.env) }),
    ...(spec.budget !== undefined && { budget: compileBudget(spec.budget) }),
    ...(spec.cache !== undefined && {
      cache: { key: spec.cache.key, ttlMs: durationMs(spec.cache.ttl), ...pick(spec.cache, ['tags']) },
    }),
    ...(undo !== undefined && { compensate: undo }),
    ...(position !== undefined && { position }),
  };
}

type OnErrorSpec = NonNullable<StepCommonSpec['onError']>;

function compileOnError(spec: OnErrorSpec, path: Path, context: StepContext): OnError {
  if (!isRoutes(spec)) return compileRoute(spec, path, context);
  return {
    kind: 'routes',
    routes: spec.map((routed, index) => ({
      ...pick(routed, ['on', 'severity']),
      route: compileRoute(routed.do, [...path, index, 'do'], context),
    })),
  };
}

/** `Array.isArray` by itself does not know read-only lists. */
function isRoutes(spec: OnErrorSpec): spec is Extract<OnErrorSpec, readonly unknown[]> {
  return Array.isArray(spec);
}

function compileRoute(spec: RouteSpec, path: Path, context: StepContext): ErrorRoute {
  if (typeof spec === 'string') return { kind: spec };
  if ('escalate' in spec) {
    const { timeout, ...rest } = spec.escalate;
    return {
      kind: 'escalate',
      ...pick(rest, ['prompt', 'to', 'default']),
      ...(timeout !== undefined && { deadlineMs: durationMs(timeout) }),
    };
  }
  return {
    kind: 'recover',
    steps: compileSteps(spec.recover, [...path, 'recover'], context),
    // biome-ignore lint/suspicious/noThenProperty: the language's own word, in plain data that nobody awaits
    then: spec.then,
  };
}

function compileCondition(condition: boolean | string): string {
  return typeof condition === 'boolean' ? `\${{ ${condition} }}` : condition;
}

function compileEnvironment(env: NonNullable<StepCommonSpec['env']>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
}

/** Compiles steps that stand under a key of the step. */
type Inside = (steps: readonly StepSpec[], ...key: Path) => Step[];

type SpecOf<K extends string> = Extract<StepSpec, Readonly<Record<K, unknown>>>;
type BuiltKind =
  | 'uses'
  | 'run'
  | 'workflow'
  | 'parallel'
  | 'forEach'
  | 'repeat'
  | 'while'
  | 'choose'
  | 'wait'
  | 'check'
  | 'approval';

const COMPILERS: { readonly [K in BuiltKind]: (spec: SpecOf<K>, inside: Inside) => StepKind } = {
  uses: (spec) => ({ kind: 'action', uses: spec.uses, with: spec.with ?? {} }),
  run: compileRun,
  parallel: (spec, inside) => ({ kind: 'parallel', branches: inside(spec.parallel, 'parallel') }),
  forEach: (spec, inside) => ({
    kind: 'forEach',
    items: spec.forEach as JsonValue,
    as: spec.as ?? 'item',
    ...pick(spec, ['atMost']),
    steps: inside(spec.steps, 'steps'),
  }),
  choose: (spec, inside) => ({
    kind: 'choose',
    branches: spec.choose.map((branch: BranchSpec, index) => ({
      ...('if' in branch && { if: compileCondition(branch.if) }),
      steps: inside(branch.steps, 'choose', index, 'steps'),
    })),
  }),
  workflow: (spec) => ({ kind: 'workflow', workflow: spec.workflow, with: spec.with ?? {} }),
  repeat: (spec, inside) => ({
    kind: 'repeat',
    until: compileCondition(spec.repeat.until),
    max: spec.repeat.max,
    ...(spec.repeat.every !== undefined && { everyMs: durationMs(spec.repeat.every) }),
    steps: inside(spec.steps, 'steps'),
  }),
  while: (spec, inside) => ({
    kind: 'repeat',
    while: compileCondition(spec.while.if),
    max: spec.while.max,
    ...(spec.while.every !== undefined && { everyMs: durationMs(spec.while.every) }),
    steps: inside(spec.steps, 'steps'),
  }),
  wait: (spec) => compileWait(spec.wait),
  check: (spec) => ({ kind: 'check', conditions: spec.check.map(compileCheck) }),
  approval: compileApproval,
};

function compileKind(spec: StepSpec, path: Path, context: StepContext): StepKind {
  const inside: Inside = (steps, ...key) => compileSteps(steps, [...path, ...key], context);
  for (const [kind, compile] of Object.entries(COMPILERS)) {
    if (Object.hasOwn(spec, kind)) return compile(spec as never, inside);
  }
  return compileUnbuilt(spec as UnbuiltSpec);
}

/** `run` is another way to write a call of `shell/run`. */
function compileRun(spec: SpecOf<'run'>): StepKind {
  const inputs: JsonObject = {
    command: spec.run,
    ...(spec.env !== undefined && { env: compileEnvironment(spec.env) }),
    ...(spec.cwd !== undefined && { cwd: spec.cwd }),
    ...(spec.shell !== undefined && { shell: spec.shell }),
  };
  return { kind: 'action', uses: 'shell/run', with: inputs };
}

function compileCheck(condition: SpecOf<'check'>['check'][number]): CheckCondition {
  if (typeof condition !== 'object') return { that: compileCondition(condition) };
  return { that: compileCondition(condition.that), ...pick(condition, ['message']) };
}

function compileWait(wait: string | WaitSpec): StepKind {
  if (typeof wait === 'string') return { kind: 'wait', forMs: durationMs(wait) };
  return {
    kind: 'wait',
    ...(wait.for !== undefined && { forMs: durationMs(wait.for) }),
    ...pick(wait, ['until', 'event']),
    ...(wait.if !== undefined && { when: compileCondition(wait.if) }),
    ...(wait.timeout !== undefined && { deadlineMs: durationMs(wait.timeout) }),
  };
}

function compileApproval({ approval }: SpecOf<'approval'>): StepKind {
  return {
    kind: 'approval',
    ...pick(approval, ['prompt', 'form', 'delegates']),
    ...(approval.timeout !== undefined && { deadlineMs: durationMs(approval.timeout) }),
    default: approval.default ?? 'deny',
  };
}

function compileUnbuilt(spec: UnbuiltSpec): StepKind {
  const [key = '', { keys }] = Object.entries(STEP_KINDS).find(([kind]) => Object.hasOwn(spec, kind)) ?? [
    '',
    { keys: {} },
  ];
  const written = Object.entries(spec).filter(([name]) => Object.hasOwn(keys, name));
  return { kind: 'unbuilt', key, written: Object.fromEntries(written) as JsonObject };
}

/** The keys among these that are there, as they are. */
function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  const present = keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]);
  return Object.fromEntries(present) as Pick<T, K>;
}
