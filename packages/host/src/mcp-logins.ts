import { CadreError, LIST_TOOLS, loginSecret } from '@cadre/core';
import type { Outcome } from '@cadre/sdk';
import { findServer } from './mcp-offered.ts';
import type { ActionRunner } from './ports/action-runner.ts';
import type { AuditStore } from './ports/audit-store.ts';
import type { Clock } from './ports/clock.ts';
import type { GrantStore } from './ports/grant-store.ts';
import type { Errand, LoginDesk, LoginState, SigningIn } from './ports/logins.ts';
import type { DeclaredServer, McpServers } from './workers/mcp-servers.ts';

/** Signing in at MCP servers, by people at the command line. */
export interface McpLogins {
  /** `person`: who signs in, where the declaration wants a person. Throws like `findServer`, and `not_configured`. */
  logIn(server: string, signal: AbortSignal, person: SigningIn | undefined): Promise<Outcome<LoginState>>;
  /** False: nobody was logged in. */
  logOut(server: string, signal: AbortSignal): Promise<boolean>;
  /** Undefined: nothing is said of signing in. */
  state(server: string): Promise<LoginState | undefined>;
}

interface Options {
  readonly servers: McpServers;
  readonly workers: Pick<ActionRunner, 'list'>;
  readonly desk: LoginDesk;
  readonly errand: (uses: string, principal: string, signal: AbortSignal) => Promise<Errand>;
  readonly grants: Pick<GrantStore, 'put' | 'list'>;
  readonly audit: AuditStore;
  readonly clock: Clock;
  readonly principal: string;
}

export function openMcpLogins(options: Options): McpLogins {
  const { servers, workers, desk, principal } = options;
  const errand = (server: string, signal: AbortSignal) =>
    options.errand(`${server}/${LIST_TOOLS}`, principal, signal);

  return {
    async logIn(name, signal, person) {
      const declared = findServer(servers, workers, name);
      const { reach } = declared.server;
      if (reach.kind !== 'http' || reach.auth === undefined) throw withoutLogin(name, reach.kind);
      const made = await desk.signIn(name, await errand(name, signal), person);
      if (made.ok) await permit(declared, options);
      await note(name, 'login', made.ok ? (made.output.issuer ?? '') : reach.url, made.ok, options);
      return made;
    },
    async logOut(name, signal) {
      findServer(servers, workers, name);
      const isOut = await desk.signOut(name, await errand(name, signal));
      if (isOut) await note(name, 'logout', name, true, options);
      return isOut;
    },
    state: (name) => desk.state(name),
  };
}

function withoutLogin(name: string, kind: 'http' | 'stdio'): CadreError {
  const what = kind === 'http' ? 'says nothing of signing in' : 'is a program, which signs in by itself';
  return new CadreError('not_configured', `the MCP server ${name} ${what}`, {
    hint:
      kind === 'http'
        ? `write \`auth: {}\` under spec in .cadre/mcp/${name}.yaml`
        : `give it its token as a secret in spec.env of .cadre/mcp/${name}.yaml`,
  });
}

/** Whoever signs in for a server says that it may use that: for calls of their own. Others need a grant. */
async function permit({ worker }: DeclaredServer, options: Options): Promise<void> {
  const { grants, clock, principal } = options;
  const { id, version, permissions } = worker.manifest;
  const permission = permissions.find((text) => text.startsWith(`secret:${loginSecret(id)}@`));
  if (permission === undefined) return;
  const isThere = (await grants.list(clock.now())).some(
    (grant) =>
      grant.worker === id &&
      grant.manifestHash === worker.hash &&
      grant.principal === principal &&
      grant.permission === permission &&
      grant.run === undefined,
  );
  if (isThere) return;
  await grants.put({
    id: clock.newId('grant'),
    principal,
    worker: id,
    versions: `^${version}`,
    manifestHash: worker.hash,
    permission,
    decision: 'allow',
    grantedBy: principal,
    grantedAt: clock.now(),
  });
}

async function note(
  worker: string,
  operation: 'login' | 'logout',
  target: string,
  isDone: boolean,
  { audit, clock, principal }: Options,
): Promise<void> {
  await audit.append({
    at: clock.now(),
    principal,
    worker,
    action: 'login',
    operation,
    target,
    decision: 'allowed',
    rule: 'asked for at the command line',
    outcome: isDone ? 'succeeded' : 'failed',
  });
}
