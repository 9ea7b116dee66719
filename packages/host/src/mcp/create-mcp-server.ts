import { isCadreError } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';
import { type CallToolResult, ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server';
import { actionTools } from './action-tools.ts';
import { complete } from './complete.ts';
import { readOffer } from './offer.ts';
import type { OfferedTool, Served } from './offered-tool.ts';
import { listRunResources, readRunResource, runTemplates } from './run-resources.ts';
import { runTools } from './run-tools.ts';
import { answerFailure } from './tool-answer.ts';
import { getPrompt, listPrompts } from './workflow-prompts.ts';
import { findWorkflowTool, workflowTools } from './workflow-tools.ts';

export interface McpServerOptions {
  readonly app: Served;
  readonly version: string;
  /** In whose name everything is done: `mcp:NAME`. What a client calls itself counts for nothing. */
  readonly principal: string;
}

/** What this connection can take besides answers. */
export interface Connected {
  /** It hears of changes. */
  readonly pushes: boolean;
  /** The addresses of which it wants to hear, in the earlier protocol; absent: the library looks after that. */
  readonly subscribed?: Set<string>;
}

/**
 * Cadre as an MCP server, for one connection. Throws `config_invalid` for a rule of `mcp.tools` that is none.
 * Invariants
 * 1. A tool that is not offered is answered like one that there is not.
 * 2. Actions are performed by the gate and runs by the engine, in the name of the principal; nothing here performs anything.
 */
export function createMcpServer(
  { app, version, principal }: McpServerOptions,
  { pushes, subscribed }: Connected,
): Server {
  const offer = readOffer(app.config.mcp.tools);
  const readsRuns = offer.run('read');
  const server = new Server(
    { name: 'cadre', title: 'Cadre', version },
    {
      capabilities: {
        tools: { listChanged: pushes },
        prompts: {},
        completions: {},
        ...(readsRuns ? { resources: { subscribe: pushes, listChanged: pushes } } : {}),
      },
      instructions:
        'Actions are tools named worker_action. Workflows are started with start__NAME and looked at before with plan__NAME; a run goes on when its client is gone. What is refused says which command would grant it: only a person may run that.',
    },
  );
  const direct = () => new Map([...actionTools(app, offer), ...runTools(app, offer)]);

  async function find(name: string): Promise<OfferedTool> {
    const found = direct().get(name) ?? (await findWorkflowTool(app, offer, name));
    if (found !== undefined) return found;
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no tool ${name}`);
  }

  server.setRequestHandler('tools/list', async () => ({
    tools: [...direct().values(), ...(await workflowTools(app, offer))].map(({ tool }) => tool),
  }));
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    const { name, arguments: given = {} } = params;
    const token = mcpReq._meta?.progressToken;
    return refusing(async () => {
      const found = await find(name);
      return found.call(given as JsonObject, {
        principal,
        signal: mcpReq.signal,
        progress({ label, done, total }) {
          if (token === undefined) return;
          const told = {
            progressToken: token,
            progress: done,
            ...(total === undefined ? {} : { total }),
            ...(label === undefined ? {} : { message: label }),
          };
          // Who is gone is told nothing.
          mcpReq.notify({ method: 'notifications/progress', params: told }).catch(() => undefined);
        },
      });
    });
  });
  server.setRequestHandler('prompts/list', () => listPrompts(app, offer));
  server.setRequestHandler('prompts/get', ({ params }) =>
    getPrompt(app, offer, params.name, params.arguments ?? {}),
  );
  server.setRequestHandler('completion/complete', ({ params }) => complete(app, offer, params));
  if (!readsRuns) return server;
  server.setRequestHandler('resources/list', ({ params }) => listRunResources(app, params?.cursor));
  server.setRequestHandler('resources/templates/list', runTemplates);
  if (subscribed !== undefined) {
    server.setRequestHandler('resources/subscribe', async ({ params }) => {
      await readRunResource(app, params.uri);
      subscribed.add(params.uri);
      return {};
    });
    server.setRequestHandler('resources/unsubscribe', ({ params }) => {
      subscribed.delete(params.uri);
      return {};
    });
  }
  server.setRequestHandler('resources/read', ({ params }) => readRunResource(app, params.uri));
  return server;
}

/** A refusal of ours is an answer to whoever called; a fault stays one. */
async function refusing(call: () => Promise<CallToolResult>): Promise<CallToolResult> {
  try {
    return await call();
  } catch (error) {
    if (!isCadreError(error)) throw error;
    return answerFailure(error);
  }
}
