import { createMcpHandler } from '@modelcontextprotocol/server';
import { createMcpServer, type McpServerOptions } from './create-mcp-server.ts';
import { openChangeFeed } from './open-change-feed.ts';

export interface McpEndpoint {
  /** Answers one request, of the protocol of 2026-07-28 or of an earlier one. Who may ask is the edge's to decide. */
  answer(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** Without sessions: each request is answered by itself, by whichever process it comes to. */
export function serveMcpHttp(
  options: McpServerOptions,
  largestBody: number,
  failed: (error: unknown) => void,
): McpEndpoint {
  // In the earlier protocol there is nobody to tell: each of its requests stands by itself.
  const handler = createMcpHandler(({ era }) => createMcpServer(options, { pushes: era === 'modern' }), {
    bus: openChangeFeed(options.app, failed),
    maxRequestBodySize: largestBody,
    onerror: failed,
  });
  return { answer: (request) => handler.fetch(request), close: () => handler.close() };
}
