import type { Outcome } from '@cadre/sdk';
import type { CallAlone } from './call-alone.ts';
import type { DoersOptions } from './doers.ts';
import { type McpLogins, openMcpLogins } from './mcp-logins.ts';
import { acceptOffered, askForTools, findServer, type McpOffered } from './mcp-offered.ts';
import type { OpenedGate } from './open-gate.ts';
import type { DeclaredServer, McpServers } from './workers/mcp-servers.ts';

export interface McpDoers {
  /** MCP servers that are declared in the workspace. */
  readonly mcpServers: McpServers;
  /** One of them that can be used. Throws `not_found`, `invalid_manifest` and `exists`. */
  findServer(name: string): DeclaredServer;
  /** What one of them offers now, asked through the gate. Throws `not_found` and `invalid_manifest`. */
  askForTools(server: string): Promise<Outcome<McpOffered>>;
  /** Notes in the repository that this was accepted; answers the file. */
  acceptTools(server: string, offered: McpOffered): Promise<string>;
  /** Signing in at them. */
  readonly mcpLogins: McpLogins;
}

/** What is done with MCP servers beside calling their tools. */
export function openMcp(
  { place, opened: { store }, clock, principal }: DoersOptions,
  { servers, runner, logins, gateSettings }: OpenedGate,
  call: CallAlone,
): McpDoers {
  return {
    mcpServers: servers,
    findServer: (name) => findServer(servers, runner, name),
    askForTools: (server) => askForTools(servers, runner, server, call),
    acceptTools: (server, offered) =>
      acceptOffered(place.root, server, offered, { audit: store.audit, principal, at: clock.now() }),
    mcpLogins: openMcpLogins({
      ...store,
      servers,
      workers: runner,
      desk: logins,
      clock,
      principal,
      errand: async (...about) =>
        (await import('./gate/open-errands.ts')).openErrands(gateSettings)(...about),
    }),
  };
}
