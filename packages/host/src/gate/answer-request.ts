import { basename } from 'node:path';
import { isThisMachine, type Permission, parsePermission, splitHost } from '@cadre/core';
import { failure, type JsonValue, type Outcome, type SshPlace } from '@cadre/sdk';
import type { CallRequest } from '../ports/action-runner.ts';
import type { AuditEntry } from '../ports/audit-store.ts';
import type { SecretSource } from '../ports/secret-source.ts';
import type { AuditLog } from './audit-log.ts';
import { type Authority, NOBODY_TO_ASK, type Ruling } from './authority.ts';
import { brokeredFetch, type FetchLimits, type FetchQuestions } from './brokered-fetch.ts';
import type { Mask } from './mask.ts';
import { resolveAddress } from './resolve-address.ts';
import { AGENT_PERMISSION, answerSsh } from './ssh/answer-ssh.ts';
import type { Subject } from './subject.ts';
import { type Refusal, shellWord, violation } from './violation.ts';

/** What requests during a call are answered with. */
export interface Requested {
  readonly subject: Subject;
  readonly authority: Authority;
  readonly audit: AuditLog;
  readonly secrets: SecretSource;
  readonly mask: Mask;
  /** Of the values that were put into requests: what comes back is cleared of them, for whoever sent them. */
  readonly edge: Mask;
  readonly limits: FetchLimits;
  /** Of the host: where the ssh agent is. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of this call: the agent that answers, once a place to reach by ssh was allowed. */
  readonly agent: { socket?: string };
  /** Of this call. */
  readonly refusals: { count: number };
  /** In a plan nothing is fetched and no secret is handed out. */
  readonly isPlan: boolean;
  readonly signal: AbortSignal;
  /** What was allowed so far, as `type:scope`. */
  readonly used: Set<string>;
}

/** Arguments can be as long as the system permits; the record keeps their beginning. */
const RECORDED_LENGTH = 1_000;

/** A call that was refused so often goes on asking in vain; each refusal more would only fill the record. */
const MOST_REFUSALS = 1_000;

/** Decides, records and answers one request of a worker, or of the proxy for its programs. */
export function answerRequest(request: CallRequest, given: Requested): Promise<Outcome<JsonValue>> {
  return withinRefusals(request.kind, given, () => answer(request, given));
}

/** Answers what a call asks for, as long as it was not refused too often. */
export async function withinRefusals(
  operation: string,
  given: Requested,
  answering: () => Promise<Outcome<JsonValue>>,
): Promise<Outcome<JsonValue>> {
  const { refusals } = given;
  if (refusals.count > MOST_REFUSALS) return { ok: false, failure: failure('denied', OFTEN_REFUSED) };
  const outcome = await answering();
  if (outcome.ok || outcome.failure.code !== 'denied') return outcome;
  refusals.count += 1;
  if (refusals.count === MOST_REFUSALS + 1) {
    const why = { decision: 'denied', rule: OFTEN_REFUSED, outcome: 'refused' } as const;
    await record(undefined, operation, 'everything else', given, why);
  }
  return outcome;
}

const OFTEN_REFUSED = `this call was refused ${MOST_REFUSALS} times, and is refused everything from now on`;

function answer(request: CallRequest, given: Requested): Promise<Outcome<JsonValue>> {
  switch (request.kind) {
    case 'exec':
      return answerExec(request, given);
    case 'secret':
      return answerSecret(request.name, given);
    case 'connect':
      return askForHost(request.host, request.port, 'connect', given);
    case 'fetch':
      return answerFetch(request, given);
    case 'ssh':
      return answerSshPlace(request.place, given);
    case 'agent':
      return answerAgent(given);
  }
}

async function answerExec(
  request: Extract<CallRequest, { kind: 'exec' }>,
  given: Requested,
): Promise<Outcome<JsonValue>> {
  const { program, path } = request;
  if (basename(path) !== program) {
    return refuse(`shell:${program}`, 'exec', path, given, {
      rule: `the program ${program} is not what lies at ${path}`,
      fix: 'name the program by its own name, or by its path',
    });
  }
  const target = [path, ...request.arguments].map(shellWord).join(' ');
  const ruling = await rule(`shell:${program}`, 'exec', target, given);
  return ruling.allowed ? { ok: true, output: true } : { ok: false, failure: ruling.failure };
}

async function answerSecret(name: string, given: Requested): Promise<Outcome<JsonValue>> {
  if (given.isPlan) return refuse(`secret:${name}`, 'secret', name, given, inPlan('hands out no secrets'));
  return revealSecret(name, given);
}

/** The value of a secret that may be used; from now on it is masked. */
export async function revealSecret(name: string, given: Requested): Promise<Outcome<string>> {
  if (`secret:${name}` === AGENT_PERMISSION) {
    return { ok: false, failure: failure('not_found', `${name} has no value: keys stay in the ssh agent`) };
  }
  const ruling = await rule(`secret:${name}`, 'secret', name, given);
  return ruling.allowed ? findSecret(name, given) : { ok: false, failure: ruling.failure };
}

async function findSecret(name: string, given: Requested): Promise<Outcome<string>> {
  const value = await given.secrets.find(name);
  if (value === undefined) {
    return {
      ok: false,
      failure: failure('not_found', `there is no secret ${name}`, {
        hint: `give the secret ${name} a value`,
      }),
    };
  }
  given.mask.add(value);
  return { ok: true, output: value };
}

async function answerFetch(
  request: Extract<CallRequest, { kind: 'fetch' }>,
  given: Requested,
): Promise<Outcome<JsonValue>> {
  const { limits, signal, edge } = given;
  const ask: FetchQuestions = {
    host: (host, port) => askForHost(host, port, 'fetch', given),
    secrets: (names, url) => insertSecrets(names, url, given),
  };
  const fetched = edge.data(await brokeredFetch(request.url, request.options, ask, limits, signal));
  // A refusal of the gate stands there already.
  if (!fetched.ok && fetched.failure.code !== 'denied') {
    const { code, message } = fetched.failure;
    const what = { decision: 'allowed', rule: given.mask.text(message), outcome: code } as const;
    await record(undefined, 'fetch', hostOf(request.url), given, what);
  }
  return fetched as Outcome<JsonValue>;
}

/** Values that may be put into a request to this host, which the worker does not get to see. */
async function insertSecrets(
  names: readonly string[],
  url: URL,
  given: Requested,
): Promise<Outcome<ReadonlyMap<string, string>>> {
  const target = `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`;
  const values = new Map<string, string>();
  for (const name of names) {
    const permission = `secret:${name}@${target}`;
    if (url.protocol !== 'https:' && !isThisMachine(url.hostname)) {
      const why = 'a secret is sent by https alone, except to this machine';
      await record(permission, 'insert', target, given, {
        decision: 'denied',
        rule: why,
        outcome: 'refused',
      });
      return { ok: false, failure: failure('denied', `${name} was not sent to ${target}: ${why}`) };
    }
    const ruling = await rule(permission, 'insert', target, given);
    if (!ruling.allowed) return { ok: false, failure: ruling.failure };
    const value = await findSecret(name, given);
    if (!value.ok) return value;
    given.edge.add(value.output);
    values.set(name, value.output);
  }
  return { ok: true, output: values };
}

/** What else stands in an address may be meant for that host alone. */
function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : 'no address';
}

async function answerSshPlace(place: SshPlace, given: Requested): Promise<Outcome<JsonValue>> {
  if (given.isPlan) {
    const target = `${place.host}:${place.port ?? 22}`;
    return refuse(`net:${target}`, 'ssh', target, given, inPlan('does not use the network'));
  }
  const access = await answerSsh(place, {
    environment: given.environment,
    host: (host, port) => askForHost(host, port, 'ssh', given),
    async agent(target) {
      const ruling = await rule(AGENT_PERMISSION, 'ssh', target, given);
      return ruling.allowed ? { ok: true, output: true } : { ok: false, failure: ruling.failure };
    },
    isUnasked: ({ details }) =>
      String((details as { rule?: unknown } | undefined)?.rule).startsWith(NOBODY_TO_ASK),
    useAgent: (socket) => {
      given.agent.socket = socket;
    },
  });
  return access as Outcome<JsonValue>;
}

/** Asked by the proxy for each connection to the agent. */
async function answerAgent(given: Requested): Promise<Outcome<string>> {
  const { socket } = given.agent;
  if (socket === undefined) {
    return refuse(AGENT_PERMISSION, 'agent', 'ssh-agent', given, {
      rule: 'this call has asked for no place that is reached by ssh',
      fix: 'let the worker name the place first (openSsh of the SDK)',
    });
  }
  const ruling = await rule(AGENT_PERMISSION, 'agent', socket, given);
  return ruling.allowed ? { ok: true, output: socket } : { ok: false, failure: ruling.failure };
}

async function askForHost(
  host: string,
  port: number,
  operation: string,
  given: Requested,
): Promise<Outcome<string>> {
  const target = `${host.replace(/\.$/, '')}:${port}`;
  if (given.isPlan)
    return refuse(`net:${target}`, operation, target, given, inPlan('does not use the network'));
  const ruling = await rule(`net:${target}`, operation, target, given);
  if (!ruling.allowed) return { ok: false, failure: ruling.failure };
  const address = await resolveAddress(host, !splitHost(ruling.granted.scope).host.includes('*'));
  if (address.ok || address.failure.code !== 'denied') return address;
  const { message, hint = 'grant the host by its exact name' } = address.failure;
  return refuse(`net:${target}`, operation, target, given, { rule: message, fix: hint });
}

type Ruled =
  | Ruling
  | {
      readonly allowed: false;
      readonly failure: ReturnType<typeof failure>;
      readonly rule: string;
      readonly grant?: never;
      readonly fix?: never;
    };

function inPlan(what: string): Refusal {
  return { rule: `a plan ${what}`, fix: 'run it for real: --yes instead of --plan' };
}

/** What no rule and no person is asked about, in the shape of every refusal and recorded like one. */
async function refuse(
  text: string,
  operation: string,
  target: string,
  given: Requested,
  why: Refusal,
): Promise<{ readonly ok: false; readonly failure: ReturnType<typeof failure> }> {
  const permission = readConcrete(text);
  const { id } = given.subject.worker.manifest;
  const refused =
    permission === undefined
      ? failure('invalid_input', `${target} cannot be asked for`)
      : violation(id, permission, given.mask.text(target), why);
  await note(text, operation, target, given, { allowed: false, failure: refused, ...why });
  return { ok: false, failure: refused };
}

async function rule(text: string, operation: string, target: string, given: Requested): Promise<Ruled> {
  const { subject, authority, mask, used } = given;
  const wanted = readConcrete(text);
  const ruling: Ruled =
    wanted === undefined
      ? {
          allowed: false,
          rule: 'invalid',
          failure: failure('invalid_input', `${target} cannot be asked for`),
        }
      : await authority.decide(subject, wanted, mask.text(target));
  if (ruling.allowed) used.add(text);
  await note(text, operation, target, given, ruling);
  return ruling;
}

async function note(
  text: string,
  operation: string,
  target: string,
  { subject, audit, mask }: Requested,
  ruling: Ruled | ({ readonly allowed: false; readonly failure: ReturnType<typeof failure> } & Refusal),
): Promise<void> {
  await audit.record({
    principal: subject.call.principal,
    run: subject.call.run,
    step: subject.call.step,
    worker: subject.worker.manifest.id,
    version: subject.worker.manifest.version,
    action: subject.action.name,
    operation,
    permission: text,
    target: mask.text(target).slice(0, RECORDED_LENGTH),
    decision: ruling.allowed ? 'allowed' : 'denied',
    rule: ruling.rule,
    ...(ruling.grant === undefined ? {} : { grant: ruling.grant }),
    ...(ruling.allowed || ruling.fix === undefined ? {} : { fix: ruling.fix }),
  });
}

function record(
  permission: string | undefined,
  operation: string,
  target: string,
  { subject: { worker, action, call }, audit, mask }: Requested,
  what: Pick<AuditEntry, 'decision' | 'rule' | 'outcome'>,
): Promise<void> {
  return audit.record({
    principal: call.principal,
    run: call.run,
    step: call.step,
    worker: worker.manifest.id,
    action: action.name,
    operation,
    ...(permission === undefined ? {} : { permission }),
    target: mask.text(target).slice(0, RECORDED_LENGTH),
    ...what,
  });
}

/** A wish names one thing; a pattern would get an answer for more than was shown to whoever answered. */
function readConcrete(text: string): Permission | undefined {
  const parsed = parsePermission(text);
  return parsed.ok && !parsed.permission.scope.includes('*') ? parsed.permission : undefined;
}
