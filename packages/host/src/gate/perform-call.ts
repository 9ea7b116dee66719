import { type Effect, failure, type JsonValue, type Outcome } from '@cadre/sdk';
import type { CallObserver } from '../ports/action-runner.ts';
import type { AuditEntry } from '../ports/audit-store.ts';
import type { GateObserver, Performed } from '../ports/gate.ts';
import { answerRequest, type Requested } from './answer-request.ts';
import { type CallWay, callWay } from './call-way.ts';
import type { GateTools } from './gate-tools.ts';
import { keepBefore } from './keep-before.ts';
import { type PreparedCall, prepareCall, valueFaults } from './prepare-call.ts';
import type { Subject } from './subject.ts';

/** A worker that says more in one call has gone wrong; the rest would only fill the disk. */
const MOST_LOG_LINES = 20_000;

/** Takes one call through the gate. */
export async function performCall(
  subject: Subject,
  signal: AbortSignal,
  observer: GateObserver,
  tools: GateTools,
): Promise<Performed> {
  const way = callWay(subject.action, subject.call.mode);
  const limits = tools.fetchLimits;
  const requested = { ...tools, limits, isPlan: way !== 'apply', subject, signal, agent: {} };
  const prepared = await prepareCall(way, requested, observer, tools);
  if (!prepared.ok) {
    const why = tools.mask.data(prepared.failure);
    await record(subject, tools, { decision: 'denied', rule: why.code, outcome: why.message });
    return { outcome: { ok: false, failure: why }, effects: [] };
  }
  const allowed = {
    decision: 'allowed',
    rule: way,
    details: { permissions: prepared.output.rules },
  } as const;
  await record(subject, tools, allowed);
  const performed =
    way === 'skip'
      ? notPerformed(subject)
      : await keepBefore({ way, subject, confinement: prepared.output.confinement }, observer, tools, () =>
          carryOut(way, prepared.output, requested, observer, tools),
        );
  const { outcome } = performed;
  await record(subject, tools, {
    decision: 'allowed',
    rule: way,
    outcome: outcome.ok ? 'succeeded' : outcome.failure.code,
  });
  return performed;
}

/** Nobody can say what it would do. */
function notPerformed({ call }: Subject): Performed {
  const effect: Effect = { kind: 'command', command: call.uses, purpose: 'effects unknown until it runs' };
  return { outcome: { ok: true, output: null }, effects: [effect] };
}

async function carryOut(
  way: CallWay,
  { input, env, confinement, scratch }: PreparedCall,
  requested: Requested,
  observer: GateObserver,
  tools: GateTools,
): Promise<Performed> {
  const { subject, signal } = requested;
  const { worker, action, call, places } = subject;
  const { mask } = tools;
  const reported: Effect[] = [];
  const outcome = await tools.runner.perform(
    {
      worker: worker.manifest.id,
      version: worker.manifest.version,
      action: action.name,
      input,
      env,
      confinement,
      workspace: scratch?.root ?? places.workspace,
      dataDir: places.data,
      mode: way === 'report' ? 'preview' : 'apply',
      run: call.run,
      step: call.step,
      attempt: call.attempt,
      idempotencyKey: call.idempotencyKey,
      config: tools.config(worker.manifest.id),
    },
    signal,
    callObserver(reported, requested, observer),
  );
  const found = scratch === undefined ? [] : await scratch.changes();
  const effects = [...reported, ...unreported(found, reported)];
  return mask.data({ outcome: checkOutput(outcome, subject), effects });
}

/** What the worker says, with secrets taken out, and what it asks for. */
function callObserver(reported: Effect[], requested: Requested, observer: GateObserver): CallObserver {
  const { mask } = requested;
  let lines = 0;
  return {
    log(level, message, fields) {
      lines += 1;
      if (lines === MOST_LOG_LINES)
        observer.log({ level: 'warn', message: 'further lines of this call are dropped' });
      if (lines >= MOST_LOG_LINES) return;
      observer.log({
        level,
        message: mask.text(message),
        ...(fields === undefined ? {} : { fields: mask.data(fields) }),
      });
    },
    progress: ({ label, ...update }) =>
      observer.progress({ ...update, ...(label === undefined ? {} : { label: mask.text(label) }) }),
    effect: (effect) => void reported.push(effect),
    request: (request) => answerRequest(request, requested),
  };
}

function unreported(found: readonly Effect[], reported: readonly Effect[]): readonly Effect[] {
  const paths = new Set(reported.flatMap((effect) => (effect.kind === 'file' ? [effect.path] : [])));
  return found.filter((effect) => effect.kind === 'file' && !paths.has(effect.path));
}

function checkOutput(outcome: Outcome<JsonValue>, { action, worker }: Subject): Outcome<JsonValue> {
  const faults = outcome.ok ? valueFaults(action.output, outcome.output) : [];
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
  what: Pick<AuditEntry, 'decision' | 'rule' | 'outcome' | 'details'>,
): Promise<void> {
  return audit.record({
    principal: call.principal,
    run: call.run,
    step: call.step,
    worker: worker.manifest.id,
    action: action.name,
    operation: 'call',
    ...what,
  });
}
