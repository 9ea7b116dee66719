import type { Readable, Writable } from 'node:stream';
import type { McpServerFactory, Server, ServerEvent } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { createMcpServer, type McpServerOptions } from './create-mcp-server.ts';
import { readOffer } from './offer.ts';
import { openChangeFeed } from './open-change-feed.ts';

/** Serves one client until it closes its end, or the signal is aborted. Standard output carries the protocol alone. */
export async function serveMcpStdio(
  options: McpServerOptions,
  { stdin, stdout }: { readonly stdin: Readable; readonly stdout: Writable },
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<void> {
  // Said before the client is: it would only hear that its connection is gone.
  readOffer(options.app.config.mcp.tools);
  const ends = new Set<() => void>();
  const over = Promise.withResolvers<void>();
  const transport = new StdioServerTransport(stdin, stdout);
  const feed = openChangeFeed(options.app, failed);
  const factory: McpServerFactory = ({ era }) => {
    const subscribed = era === 'legacy' ? new Set<string>() : undefined;
    const server = createMcpServer(options, { pushes: true, ...(subscribed && { subscribed }) });
    const end = feed.subscribe((event) => {
      if (event.kind === 'resource_updated' && subscribed?.has(event.uri) === false) return;
      // Who is gone is told nothing.
      tell(server, event).catch(() => undefined);
    });
    server.onclose = end;
    ends.add(end);
    return server;
  };
  const handle = serveStdio(factory, { transport, onerror: failed });
  for (const end of ['end', 'close', 'error']) stdin.once(end, () => over.resolve());
  signal.addEventListener('abort', () => over.resolve(), { once: true });
  if (signal.aborted) over.resolve();
  await over.promise;
  await handle.close();
  for (const end of ends) end();
}

function tell(server: Server, event: ServerEvent): Promise<void> {
  switch (event.kind) {
    case 'resource_updated':
      return server.sendResourceUpdated({ uri: event.uri });
    case 'resources_list_changed':
      return server.sendResourceListChanged();
    case 'prompts_list_changed':
      return server.sendPromptListChanged();
    case 'tools_list_changed':
      return server.sendToolListChanged();
  }
}
