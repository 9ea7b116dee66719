import { artifactsOf, parseMoney, schemaOutside, type Usage } from '@cadre/core';
import { type Effect, type Failure, failure, type JsonValue, type Outcome } from '@cadre/sdk';
import type { CallObserver } from '../ports/action-runner.ts';
import type { AuditEntry } from '../ports/audit-store.ts';
import type { GateObserver, Performed } from '../ports/gate.ts';
import { answerRequest, type Requested } from './answer-request.ts';
import type { Found } from './cache/call-cache.ts';
import { type CallWay, callWay } from './call-way.ts';
import { type JointMeasure, jointMeasure } from './calls/joint-measure.ts';
import { type Above, type Calls, openCalls } from './calls/open-calls.ts';
import { RECORDED_LENGTH } from './decide-wish.ts';
import type { GateTools } from './gate-tools.ts';
import { watchGitPointer } from './git-pointer.ts';
import { type CallHearing, hearCall } from './hear-call.ts';
import { keepBefore } from './keep-before.ts';
import { maskPieces } from './masked-pieces.ts';
import { admitCall, type PreparedCall, prepareCall, valueFaults } from './prepare-call.ts';
import { recordNoticed } from './record-noticed.ts';
import type { Subject } from './subject.ts';
import { violationOf } from './violation.ts';
import { CALL, noRefusals, withinRefusals } from './within-refusals.ts';

/** What a worker told of a call, and whether a secret had to be taken out of it. */
type Told = Performed & {
  readonly isMasked: boolean;
  /** In a plan: it called something of which nobody can say what it would do, and so neither of it. */
  readonly isBlank: boolean;
};

interface Inside {
  readonly hearing: CallHearing;
  readonly calls: Calls;
  readonly measures: JointMeasure;
  /** What changes in the copy is told by one above. */
  readonly isTold: boolean;
}

/** Takes one call through the gate. */
export async function performCall(
  subject: Subject,
  signal: AbortSignal,
  observer: GateObserver,
  tools: GateTools,
  { begun = () => undefined, above }: Within = {},
): Promise<Performed> {
  const way = callWay(subject.action, subject.call.mode);
  const used = new Set<string>();
  const limits = tools.fetchLimits;
  const requested = {
    ...tools,
    limits,
    isPlan: way !== 'apply',
    subject,
    signal,
    agent: {},
    refusals: above?.refusals ?? noRefusals(),
    used,
  };
  const admitted = await admitCall(way, requested, tools);
  if (!admitted.ok) return refused(subject, admitted.failure, tools);
  const fits = (output: JsonValue) => checkOutput({ ok: true, output }, subject).ok;
  const looked = await tools.cache?.look(subject, way, fits, await tools.scratch.find(subject.call.run));
  if (looked?.found !== undefined) return answerKept(subject, looked.found, tools);
  const isOnCopy = way === 'scratch' || (way === 'look' && above?.tellsChanges === true);
  const prepared = await prepareCall(way, requested, observer, tools, isOnCopy);
  if (!prepared.ok) return refused(subject, prepared.failure, tools);
  const allowed = { decision: 'allowed', rule: way, details: { permissions: admitted.output } } as const;
  await record(subject, tools, allowed);
  if (way === 'apply' && above === undefined) begun(subject);
  if (way !== 'skip') above?.begun();
  const inside = insideOf({ requested, streams: prepared.output.streams, observer, tools, above });
  let told: Told | undefined;
  const carryOutNow = async (): Promise<Performed> => {
    told = await carryOut(way, prepared.output, requested, observer, tools, inside);
    return told;
  };
  const { confinement } = prepared.output;
  const performed = await (way === 'skip'
    ? notPerformed(subject)
    : keepBefore({ way, subject, confinement }, observer, tools, carryOutNow)
  ).finally(prepared.output.remove);
  if (way === 'skip' || told?.isBlank === true) above?.unknown();
  const { outcome } = performed;
  await record(subject, tools, {
    decision: 'allowed',
    rule: way,
    outcome: outcome.ok ? 'succeeded' : outcome.failure.code,
  });
  // For a key that its author chose, what changed without the action saying so counts as well. No key knows what others answer.
  if (told !== undefined && !told.isMasked && !inside.calls.wereMade())
    await looked?.keep(subject.call.cache === undefined ? told : performed, [...used]);
  return performed;
}

interface InsideOptions {
  readonly requested: Requested;
  readonly streams: PreparedCall['streams'];
  readonly observer: GateObserver;
  readonly tools: GateTools;
  readonly above: Above | undefined;
}

/** What goes on inside of a call: what is heard of it, and what it calls. */
function insideOf({ requested, streams, observer, tools, above }: InsideOptions): Inside {
  const { subject, signal } = requested;
  const { spend, measure } = observer;
  const hearing = hearCall(observer, tools.logMask);
  const measures = jointMeasure(measure);
  const log: GateObserver['log'] = (line) => hearing.log(line.level, line.message, line.fields);
  const isTold = above?.tellsChanges === true;
  const calls = openCalls({
    subject,
    signal,
    observer: { log, progress: hearing.progress, spend, measure },
    tools,
    streams,
    measures,
    made: above?.made ?? { count: 0 },
    refusals: requested.refusals,
    tellsChanges: isTold || callWay(subject.action, subject.call.mode) === 'scratch',
    perform: (inner, until, hears, its, around) => performCall(inner, until, hears, its, { above: around }),
  });
  return { hearing, calls, measures, isTold };
}

/** What an action that another one calls has to do with it. */
export interface Within {
  /** It is about to be performed for real. */
  readonly begun?: (subject: Subject) => void;
  readonly above?: Above;
}

async function refused(subject: Subject, failed: Failure, tools: GateTools): Promise<Performed> {
  const why = tools.logMask.data(failed);
  const violated = violationOf(why);
  await record(subject, tools, {
    ...(violated ?? { rule: why.code }),
    decision: 'denied',
    outcome: why.message.slice(0, RECORDED_LENGTH),
  });
  return { outcome: { ok: false, failure: why }, effects: [] };
}

/** Nothing is performed, so this one record says it all. */
async function answerKept(subject: Subject, found: Found, tools: GateTools): Promise<Performed> {
  await record(subject, tools, {
    decision: 'allowed',
    rule: 'cache',
    outcome: 'succeeded',
    details: { permissions: found.rules, cachedFrom: found.run },
  });
  return {
    outcome: { ok: true, output: tools.mask.data(found.output) },
    effects: [],
    cachedFrom: found.run,
  };
}

/** Nobody can say what it would do. */
async function notPerformed({ call }: Subject): Promise<Performed> {
  const effect: Effect = { kind: 'command', command: call.uses, purpose: 'effects unknown until it runs' };
  return { outcome: { ok: true, output: null }, effects: [effect] };
}

async function carryOut(
  way: CallWay,
  { input, env, confinement, tier, scratch, streams }: PreparedCall,
  requested: Requested,
  observer: GateObserver,
  tools: GateTools,
  inside: Inside,
): Promise<Told> {
  const { calls, measures, isTold } = inside;
  const { subject, signal } = requested;
  const { worker, action, call, places } = subject;
  const { mask, logMask } = tools;
  const reported: Effect[] = [];
  const noticing = recordNoticed(subject, tools);
  const measured = measures.member();
  const pieces = maskPieces(mask, async (piece) => observer.extend?.(piece));
  const withoutPointer = await watchGitPointer(places.workspace, confinement);
  const answered = await tools.runner.perform(
    {
      worker: worker.manifest.id,
      version: worker.manifest.version,
      action: action.name,
      input,
      ...filesOf(action),
      env,
      confinement,
      tier,
      workspace: scratch?.root ?? places.workspace,
      dataDir: places.data,
      mode: way === 'report' ? 'preview' : 'apply',
      run: call.run,
      step: call.step,
      attempt: call.attempt,
      idempotencyKey: call.idempotencyKey,
      config: tools.config(worker.manifest.id),
      ...(call.shard === undefined ? {} : { shard: call.shard }),
      ...(call.priority === undefined ? {} : { priority: call.priority }),
      ...(call.limits === undefined ? {} : { limits: call.limits }),
      ...(subject.caller === undefined ? {} : { isAwaited: true as const }),
    },
    signal,
    {
      ...callObserver(reported, requested, { ...inside, measured }, observer),
      noticed: noticing.note,
      extend: pieces.extend,
      streams: streams.place,
    },
  );
  const outcome = await withoutPointer(answered, noticing.note);
  await Promise.all([pieces.end(), noticing.end(), calls.end()]);
  const known = [...reported, ...calls.effects()];
  // Of a copy that one above works on, that one tells once what changed.
  const found = scratch === undefined || isTold ? [] : await scratch.changes();
  const effects = [...known, ...unreported(found, known)];
  const isBlank = calls.isUnknown() && !outcome.ok;
  const checked: Outcome<JsonValue> = isBlank ? { ok: true, output: null } : checkOutput(outcome, subject);
  const told = { outcome: checked.ok ? checked : logMask.data(checked), effects };
  const masked = mask.data(told);
  const written = checked.ok ? streams.written() : [];
  return {
    ...masked,
    ...(written.length === 0 ? {} : { written }),
    isBlank,
    isMasked: masked !== told && JSON.stringify(masked) !== JSON.stringify(told),
  };
}

function filesOf({ output }: Subject['action']) {
  const files = artifactsOf(output);
  return Object.keys(files).length === 0 ? {} : { files };
}

/** What the worker says, with secrets taken out, and what it asks for. */
function callObserver(
  reported: Effect[],
  requested: Requested,
  { hearing, measured, calls }: Inside & { readonly measured: ReturnType<JointMeasure['member']> },
  observer: GateObserver,
): CallObserver {
  return {
    log: hearing.log,
    progress: hearing.progress,
    effect: (effect) => void reported.push(effect),
    spend: ({ tokens, money }) =>
      observer.spend({ ...(tokens === undefined ? {} : { tokens }), ...moneySpent(money) }),
    measure: measured.measure,
    request: (request, tell) => answerRequest(request, requested, tell),
    call: (body) => withinRefusals(CALL, requested, () => calls.answer(body)),
  };
}

function moneySpent(text: string | undefined): Pick<Usage, 'money'> {
  const money = text === undefined ? undefined : parseMoney(text);
  return money === undefined ? {} : { money: { [money.currency]: money.amount } };
}

function unreported(found: readonly Effect[], reported: readonly Effect[]): readonly Effect[] {
  const paths = new Set(reported.flatMap((effect) => (effect.kind === 'file' ? [effect.path] : [])));
  return found.filter((effect) => effect.kind === 'file' && !paths.has(effect.path));
}

function checkOutput(outcome: Outcome<JsonValue>, { action, worker }: Subject): Outcome<JsonValue> {
  const faults = outcome.ok ? valueFaults(schemaOutside(action.output), outcome.output) : [];
  if (faults.length === 0) return outcome;
  const list = faults.map(({ pointer, message }) => `${pointer || 'the output'}: ${message}`).join(' ');
  return {
    ok: false,
    failure: failure(
      'invalid_output',
      `${worker.manifest.id}/${action.name} answered what its manifest does not promise. ${list}`,
      {
        hint: 'this is a fault of the worker: tell its author',
        details: { faults: faults.map((fault) => ({ ...fault })) },
      },
    ),
  };
}

function record(
  { worker, action, call }: Subject,
  { audit }: GateTools,
  what: Pick<
    AuditEntry,
    'decision' | 'rule' | 'outcome' | 'details' | 'permission' | 'target' | 'grant' | 'fix'
  >,
): Promise<void> {
  return audit.record({
    principal: call.principal,
    run: call.run,
    step: call.step,
    worker: worker.manifest.id,
    version: worker.manifest.version,
    action: action.name,
    operation: 'call',
    ...what,
  });
}
