import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { createMcpHandler, inputRequired, Server } from '@modelcontextprotocol/server';
import { expect, onTestFinished, test } from 'vitest';
import { describeSandboxed } from '../sandboxed.ts';
import { overStdio } from './cadre-process.ts';
import { accept, clockPlace, grant } from './clock-place.ts';

interface SlowClock {
  readonly port: number;
  /** Answers the call that is under way. */
  finish(): void;
  /** Resolves when the server is told that nobody waits for the call. */
  readonly cancelled: Promise<unknown>;
}

/** Answers a call as a stream of events: at once that it has begun, and the rest when it is told to. */
async function slowClock(): Promise<SlowClock> {
  const cancelled = Promise.withResolvers<unknown>();
  let finish = (): void => undefined;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.method !== 'POST') return response.writeHead(405).end();
    const { id, method, params } = JSON.parse(body) as {
      id?: number;
      method: string;
      params?: { requestId?: number; _meta?: { progressToken?: string } };
    };
    if (method === 'notifications/cancelled') cancelled.resolve(params?.requestId);
    if (id === undefined) return response.writeHead(202).end();
    const say = (message: object) =>
      `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
    const json = (result: object) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    switch (method) {
      case 'initialize':
        return json({
          protocolVersion: '2025-06-18',
          capabilities: { tools: {} },
          serverInfo: { name: 'clock', version: '1' },
        });
      case 'tools/list':
        return json({ tools: [{ name: 'wait', inputSchema: { type: 'object' } }] });
      case 'tools/call': {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const progressToken = params?._meta?.progressToken;
        const told = { progressToken, progress: 1, total: 2, message: 'half of the night ö' };
        response.write(say({ method: 'notifications/progress', params: told }));
        finish = () =>
          void response.end(say({ id, result: { content: [{ type: 'text', text: 'morning' }] } }));
        return undefined;
      }
      default:
        return response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { port, finish: () => finish(), cancelled: cancelled.promise };
}

async function place({ port }: Pick<SlowClock, 'port'>, timeout: string) {
  const here = clockPlace(`{ url: "http://127.0.0.1:${port}/mcp", timeout: ${timeout} }`);
  await grant(here, [`net:127.0.0.1:${port}`]);
  await grant(here, [`net:127.0.0.1:${port}`], '--for', 'mcp:editor');
  await accept(here.cadre);
  await here.cadre('config', 'set', 'mcp.tools', '["action:clock/*"]');
  return here;
}

const WAIT = { name: 'clock_wait', arguments: {} };

describeSandboxed('a call of an MCP server over HTTP', () => {
  test('tells how far it is while it goes on, before there is an answer', async () => {
    const clock = await slowClock();
    const client = await overStdio(await place(clock, '10m'), '2025', '--as', 'editor');
    const heard: unknown[] = [];
    const { content } = await client.callTool(WAIT, {
      timeout: 60_000,
      // It ends only because this was heard.
      onprogress(progress) {
        heard.push(progress);
        clock.finish();
      },
    });
    expect(heard).toEqual([{ progress: 1, total: 2, message: 'half of the night ö' }]);
    expect(content).toEqual([{ type: 'text', text: 'morning' }]);
  }, 90_000);

  test('that is stopped is stopped at the server as well', async () => {
    const clock = await slowClock();
    const client = await overStdio(await place(clock, '10m'), '2025', '--as', 'editor');
    const stop = new AbortController();
    const called = client.callTool(WAIT, {
      signal: stop.signal,
      timeout: 60_000,
      onprogress: () => stop.abort(new Error('enough')),
    });
    await expect(called).rejects.toThrow();
    expect(await clock.cancelled).toEqual(expect.anything());
  }, 90_000);

  test('takes as long as its declaration says, and no longer', async () => {
    const clock = await slowClock();
    const client = await overStdio(await place(clock, '700ms'), '2025', '--as', 'editor');
    const { content, isError } = await client.callTool(WAIT, { timeout: 60_000 });
    expect({ isError, text: JSON.stringify(content) }).toEqual({
      isError: true,
      text: expect.stringMatching(/within 700 ms.*\[timeout\].*spec\.timeout/),
    });
  }, 90_000);
});

describeSandboxed('a server of the newer protocol', () => {
  test('that asks its client for something in the middle of a call is told that nobody is asked for it', async () => {
    const handler = createMcpHandler(() => {
      const server = new Server({ name: 'clock', version: '1' }, { capabilities: { tools: {} } });
      server.setRequestHandler('tools/list', () => ({
        tools: [{ name: 'wait', inputSchema: { type: 'object' as const } }],
      }));
      server.setRequestHandler('tools/call', () => inputRequired({ requestState: 'later' }) as never);
      return server;
    });
    const listening = serve({ fetch: (request) => handler.fetch(request), port: 0, hostname: '127.0.0.1' });
    await once(listening, 'listening');
    onTestFinished(() => void listening.close());
    const { port } = listening.address() as AddressInfo;
    const here = await place({ port }, '1m');
    const client = await overStdio(here, '2025', '--as', 'editor');
    const { content, isError } = await client.callTool(WAIT, { timeout: 60_000 });
    expect({ isError, text: JSON.stringify(content) }).toEqual({
      isError: true,
      text: expect.stringMatching(/asks its client for something.*\[denied\]/),
    });
  }, 90_000);
});
