import type { ActionContext, JsonObject, JsonValue, Worker } from '@cadre/sdk';
import { ActionError } from '@cadre/sdk';
import { pinnedPart, toolHash } from '@cadre/sdk/mcp-tool';
import { settingsOf } from './bridge-settings.ts';
import { explainFault } from './explain-fault.ts';
import { openConnection } from './open-connection.ts';
import { readResult } from './read-result.ts';

/**
 * The worker in front of one MCP server: what Cadre asks of an action it asks of a tool. It runs where the server does, in
 * its sandbox, and is trusted no more than that.
 */
export function createBridge(id: string, actions: readonly string[]): Worker {
  const connection = openConnection(id);

  async function listTools(_input: JsonObject, context: ActionContext): Promise<JsonValue> {
    const { server, tools } = await connection.use(context, async (connected) => ({
      server: connected.server,
      tools: await connected.list(true),
    }));
    return { server, tools: [...tools.values()].map((tool) => pinnedPart(tool)) } as unknown as JsonValue;
  }

  async function call(action: string, input: JsonObject, context: ActionContext): Promise<JsonValue> {
    const pin = settingsOf(context).pins[action];
    if (pin === undefined) throw new ActionError('not_found', `${id} has no tool for ${action}`);
    return connection.use(context, async (connected) => {
      const tool = (await connected.list(false)).get(pin.tool);
      if (tool === undefined || toolHash(pinnedPart(tool)) !== pin.hash) throw changed(id, pin.tool, tool);
      return readResult(id, await connected.call(tool, input, context));
    });
  }

  const explained =
    (perform: (input: JsonObject, context: ActionContext) => Promise<JsonValue>) =>
    async (input: JsonObject, context: ActionContext) => {
      try {
        return await perform(input, context);
      } catch (error) {
        throw await explainFault(id, error, context, connection);
      }
    };

  const handlers = actions.map((name) => [
    name,
    explained(name === 'list-tools' ? listTools : (input, context) => call(name, input, context)),
  ]);
  return { id, actions: Object.fromEntries(handlers) };
}

function changed(id: string, name: string, tool: unknown): ActionError {
  const what = tool === undefined ? 'offers it no more' : 'describes it otherwise now';
  return new ActionError('tool_changed', `the tool ${name} was accepted, and the MCP server ${id} ${what}`, {
    hint: `see the difference, and accept it if it is right: cadre mcp accept ${id}`,
  });
}
