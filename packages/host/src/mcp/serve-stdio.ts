import type { Readable, Writable } from 'node:stream';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { createMcpServer, type McpServerOptions } from './create-mcp-server.ts';
import { readOffer } from './offer.ts';

/** Serves one client until it closes its end, or the signal is aborted. Standard output carries the protocol alone. */
export async function serveMcpStdio(
  options: McpServerOptions,
  { stdin, stdout }: { readonly stdin: Readable; readonly stdout: Writable },
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<void> {
  // Said before the client is: it would only hear that its connection is gone.
  readOffer(options.app.config.mcp.tools);
  const over = Promise.withResolvers<void>();
  const transport = new StdioServerTransport(stdin, stdout);
  const handle = serveStdio(() => createMcpServer(options), { transport, onerror: failed });
  for (const end of ['end', 'close', 'error']) stdin.once(end, () => over.resolve());
  signal.addEventListener('abort', () => over.resolve(), { once: true });
  if (signal.aborted) over.resolve();
  await over.promise;
  await handle.close();
}
