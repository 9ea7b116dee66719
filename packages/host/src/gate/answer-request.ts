import { basename } from 'node:path';
import { type PlacedPolicy, serverOfLogin } from '@cadre/core';
import { type FetchPart, failure, type JsonValue, type Outcome, type SshPlace } from '@cadre/sdk';
import type { CallRequest } from '../ports/action-runner.ts';
import type { Logins } from '../ports/logins.ts';
import type { SecretSource } from '../ports/secret-source.ts';
import { answerFetch } from './answer-fetch.ts';
import type { AuditLog } from './audit-log.ts';
import { type Authority, NOBODY_TO_ASK } from './authority.ts';
import type { FetchLimits } from './brokered-fetch.ts';
import { askForHost, findSecret, inPlan, refuse, rule } from './decide-wish.ts';
import type { Mask } from './mask.ts';
import { AGENT_PERMISSION, answerSsh } from './ssh/answer-ssh.ts';
import type { Subject } from './subject.ts';
import { shellWord } from './violation.ts';
import { type Refusals, withinRefusals } from './within-refusals.ts';

/** What requests during a call are answered with. */
export interface Requested {
  readonly subject: Subject;
  readonly authority: Authority;
  readonly audit: AuditLog;
  readonly secrets: SecretSource;
  /** Absent: there are none. */
  readonly logins?: Logins;
  readonly policyOf: (subject: Subject) => PlacedPolicy;
  readonly mask: Mask;
  /** Of the values that were put into requests: what comes back is cleared of them, for whoever sent them. */
  readonly edge: Mask;
  readonly limits: FetchLimits;
  /** Of the host: where the ssh agent is. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of this call: the agent that answers, once a place to reach by ssh was allowed. */
  readonly agent: { socket?: string };
  /** Of this call, and of those that it is part of. */
  readonly refusals: Refusals;
  /** In a plan nothing is fetched and no secret is handed out. */
  readonly isPlan: boolean;
  readonly signal: AbortSignal;
  /** What was allowed so far, as `type:scope`. */
  readonly used: Set<string>;
}

/** Decides, records and answers one request of a worker, or of the proxy for its programs. */
export function answerRequest(
  request: CallRequest,
  given: Requested,
  tell?: (part: FetchPart) => void,
): Promise<Outcome<JsonValue>> {
  return withinRefusals(request.kind, given, () => answer(request, given, tell));
}

function answer(
  request: CallRequest,
  given: Requested,
  tell: ((part: FetchPart) => void) | undefined,
): Promise<Outcome<JsonValue>> {
  switch (request.kind) {
    case 'exec':
      return answerExec(request, given);
    case 'secret':
      return answerSecret(request.name, given);
    case 'connect':
      return askForHost(request.host, request.port, 'connect', given);
    case 'fetch':
      return answerFetch(request, given, tell);
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
  if (serverOfLogin(name) !== undefined) {
    return {
      ok: false,
      failure: failure('not_found', `${name} has no value that anybody sees: it is put into requests`),
    };
  }
  const ruling = await rule(`secret:${name}`, 'secret', name, given);
  return ruling.allowed ? findSecret(name, given) : { ok: false, failure: ruling.failure };
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
