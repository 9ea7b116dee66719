import type { JsonObject } from '@cadre/sdk';
import { compileRetry, durationMs } from '../workflow/compile-limits.ts';
import type { RetrySpec } from '../workflow/document.ts';
import type { Retry } from '../workflow/workflow.ts';
import type { Overlap, Signature, Trigger, TriggerOn } from './trigger.ts';

/** A document that `TRIGGER_DOCUMENT` has let through. */
export interface TriggerDocument {
  readonly metadata: { readonly name: string; readonly description?: string };
  readonly spec: {
    readonly on: OnSpec;
    readonly if?: string | boolean;
    readonly run: string;
    readonly with?: JsonObject;
    readonly timeZone?: string;
    readonly overlap?: Overlap;
    readonly missed?: Missed | { readonly policy?: Missed; readonly window?: string };
    readonly jitter?: string;
    readonly priority?: 'low' | 'normal' | 'high';
    readonly retry?: RetrySpec;
    readonly enabled?: boolean;
    readonly permissions?: readonly string[];
  };
}

type Missed = 'newest' | 'skip' | 'all';

interface OnSpec {
  readonly schedule?: string | { readonly rule: string; readonly ifPast?: 'refuse' | 'run' };
  readonly watch?:
    | string
    | readonly string[]
    | {
        readonly paths: readonly string[];
        readonly ignore?: readonly string[];
        readonly debounce?: string;
        readonly initial?: boolean;
      };
  readonly webhook?: {
    readonly signature: Signature;
    readonly secret: string;
    readonly header?: string;
    readonly delivery?: string;
  };
  readonly event?: string | { readonly topic: string };
}

const WINDOW_MS = 86_400_000;
const DEBOUNCE_MS = 500;
const PRIORITIES = { low: 1, normal: 2, high: 3 } as const;

/** The common retry object, for whoever writes one; without one a run is not tried again: its steps are already. */
const RETRY: Retry = { attempts: 3, delayMs: 1_000, backoff: 2, maxDelayMs: 60_000, jitter: 'full' };
const NO_RETRY: Retry = { ...RETRY, attempts: 1 };

/** A schedule comes again; what happened once would be lost. */
const OVERLAPS: Readonly<Record<TriggerOn['kind'], Overlap>> = {
  schedule: 'skip',
  watch: 'queue',
  webhook: 'allow',
  event: 'allow',
  manual: 'allow',
};

export function compileTrigger({ metadata, spec }: TriggerDocument): Trigger {
  const on = compileOn(spec.on);
  const missed = typeof spec.missed === 'string' ? { policy: spec.missed } : (spec.missed ?? {});
  return {
    ...metadata,
    on,
    ...(spec.if !== undefined && { if: String(spec.if) }),
    run: spec.run,
    with: spec.with ?? {},
    ...(spec.timeZone !== undefined && { timeZone: spec.timeZone }),
    overlap: spec.overlap ?? OVERLAPS[on.kind],
    missed: missed.policy ?? 'newest',
    missedWindowMs: missed.window === undefined ? WINDOW_MS : durationMs(missed.window),
    jitterMs: spec.jitter === undefined ? 0 : durationMs(spec.jitter),
    priority: PRIORITIES[spec.priority ?? 'normal'],
    retry: spec.retry === undefined ? NO_RETRY : compileRetry(spec.retry, RETRY),
    enabled: spec.enabled ?? true,
    ...(spec.permissions !== undefined && { permissions: spec.permissions }),
  };
}

function compileOn({ schedule, watch, webhook, event }: OnSpec): TriggerOn {
  if (schedule !== undefined) {
    const { rule, ifPast = 'refuse' } = typeof schedule === 'string' ? { rule: schedule } : schedule;
    return { kind: 'schedule', rule, ifPast };
  }
  if (watch !== undefined) return compileWatch(watch);
  if (webhook !== undefined)
    return { ...webhook, kind: 'webhook', secret: webhook.secret.slice('secret:'.length) };
  if (event !== undefined) return { kind: 'event', topic: typeof event === 'string' ? event : event.topic };
  return { kind: 'manual' };
}

function compileWatch(watch: NonNullable<OnSpec['watch']>): TriggerOn {
  const spec = typeof watch === 'string' ? { paths: [watch] } : 'paths' in watch ? watch : { paths: watch };
  const {
    paths,
    ignore = [],
    debounce,
    initial = false,
  } = spec as Exclude<NonNullable<OnSpec['watch']>, string | readonly string[]>;
  return {
    kind: 'watch',
    paths,
    ignore,
    debounceMs: debounce === undefined ? DEBOUNCE_MS : durationMs(debounce),
    initial,
  };
}
