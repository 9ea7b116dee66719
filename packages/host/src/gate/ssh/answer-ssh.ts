import { isIPv6 } from 'node:net';
import { type Failure, failure, type Outcome, type SshAccess, type SshPlace } from '@cadre/sdk';
import { agentKeys } from './agent-keys.ts';
import { knownHost } from './known-host.ts';
import { readSshSettings, type SshSettings } from './read-ssh-settings.ts';
import type { Environment } from './run-ssh-program.ts';

/** The permission to have logins signed by the person's ssh agent. */
export const AGENT_PERMISSION = 'secret:ssh-agent';

export interface SshQuestions {
  readonly environment: Environment;
  /** Whether the host may be connected to; with an address when it may. */
  host(host: string, port: number): Promise<Outcome<string>>;
  /** Whether the agent may be used for this place. */
  agent(target: string): Promise<Outcome<true>>;
  /** Whether a refusal is one that only lacks somebody who could have been asked. */
  isUnasked(failure: Failure): boolean;
  /** From now on this is the agent that may answer. */
  useAgent(socket: string): void;
}

/** Neither an option, nor anything to a shell or to the expansions of ssh. */
const HOST = /^[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?$/i;
const USER = /^[a-z0-9_][a-z0-9._+-]*$/i;

/**
 * Decides about one place that is to be reached by ssh and finds out what that takes. Keys stay in the agent; of the
 * person's files only public halves and the lines about this host leave.
 * Failures: `invalid_input`, `denied`, `not_configured`, `host_unknown`, `program_missing`, `provider_failed`.
 */
export async function answerSsh(place: SshPlace, ask: SshQuestions): Promise<Outcome<SshAccess>> {
  const fault = faultOf(place);
  if (fault !== undefined) return { ok: false, failure: failure('invalid_input', fault) };
  const read = await readSshSettings(place, ask.environment);
  if (!read.ok) return read;
  const settings = read.output;
  const strange = faultOf({ host: settings.hostName, port: settings.port, user: settings.user });
  if (strange !== undefined) return { ok: false, failure: failure('not_configured', strange) };
  const allowed = await mayConnect(settings, ask);
  if (!allowed.ok) return withNote(allowed.failure, settings);
  const keys = await agentKeys(settings, ask.environment);
  if (!keys.ok) return withNote(keys.failure, settings);
  const known = await knownHost(settings, ask.environment);
  if (!known.ok) return withNote(known.failure, settings);
  if (settings.agent !== undefined) ask.useAgent(settings.agent);
  const { hostName, port, user, hostKeyAlias, identitiesOnly } = settings;
  return {
    ok: true,
    output: {
      ...{ hostName, port, user, identitiesOnly },
      ...(hostKeyAlias === undefined ? {} : { hostKeyAlias }),
      knownHosts: known.output,
      publicKeys: keys.output,
    },
  };
}

function faultOf({ host, port, user }: SshPlace): string | undefined {
  if (!HOST.test(host) && !isIPv6(host)) return `${JSON.stringify(host)} is no name of a host`;
  if (user !== undefined && !USER.test(user)) return `${JSON.stringify(user)} is no name of a user`;
  const isPort = port === undefined || (Number.isInteger(port) && port > 0 && port < 65_536);
  return isPort ? undefined : `${port} is no port`;
}

/** Where nobody can be asked both refusals are told at once, so that both grants can be given at once. */
async function mayConnect({ hostName, port }: SshSettings, ask: SshQuestions): Promise<Outcome<true>> {
  const host = isIPv6(hostName) ? `[${hostName}]` : hostName;
  const reached = await ask.host(host, port);
  if (!reached.ok && !ask.isUnasked(reached.failure)) return reached;
  const agent = await ask.agent(`${host}:${port}`);
  if (reached.ok || agent.ok) return reached.ok ? agent : reached;
  const hints = [reached.failure.hint, agent.failure.hint].filter((hint) => hint !== undefined);
  return {
    ok: false,
    failure: {
      ...reached.failure,
      message: `${reached.failure.message}; ${agent.failure.message}`,
      hint: hints.join(' && '),
      cause: agent.failure,
    },
  };
}

/** An alias that only an unread configuration explains would be a riddle otherwise. */
function withNote(why: Failure, { unread }: SshSettings): Outcome<never> {
  if (unread === undefined) return { ok: false, failure: why };
  return {
    ok: false,
    failure: { ...why, message: `${why.message} (your ssh configuration is not read: ${unread})` },
  };
}
