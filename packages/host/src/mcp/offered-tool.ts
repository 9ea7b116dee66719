import type { JsonObject } from '@cadre/sdk';
import type { CallToolResult, Tool } from '@modelcontextprotocol/server';
import type { App } from '../app.ts';
import type { Calling } from '../call-alone.ts';

/** What of Cadre stands behind the tools and resources. */
export type Served = Pick<
  App,
  'workers' | 'mcpServers' | 'call' | 'engine' | 'events' | 'folders' | 'findWorkflow' | 'config'
>;

/** Whoever calls, in whose name it goes through the gate, and how it is told. */
export interface Client extends Required<Pick<Calling, 'signal' | 'progress'>> {
  readonly principal: string;
}

export interface OfferedTool {
  readonly tool: Tool;
  /** Refusals are thrown, or answered as an error of the tool. */
  call(input: JsonObject, client: Client): Promise<CallToolResult>;
}
