import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CadreError } from '@cadre/core';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Inbox } from '../inbox/open-inbox.ts';
import type { Admission } from './admission.ts';
import { answerError } from './answer-error.ts';
import { type EventSource, eventRoutes } from './event-routes.ts';
import { assertMayRead, assertOwnOrigin, type Guard } from './guard.ts';
import type { MetricSources } from './metrics.ts';
import { readBody } from './read-body.ts';

export interface ServerOptions {
  readonly inbox: Pick<Inbox, 'receive'>;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Largest body in bytes. */
  readonly largestBody: number;
  /** What happens here, for those who may read it. */
  readonly events: () => Promise<EventSource>;
  readonly guard: Guard;
  /** Lets new work in or refuses it; absent: whatever comes. */
  readonly admission?: Pick<Admission, 'admit'>;
  /** What stands at `/metrics`; absent: nothing. */
  readonly metrics?: MetricSources;
  /** What answers at `/mcp`, for those who may read what happens; absent: nothing. */
  readonly mcp?: (request: Request) => Promise<Response>;
  /** Told of a fault of the program itself. */
  readonly failed: (error: unknown) => void;
}

export interface Server {
  /** `http://127.0.0.1:4717` */
  readonly address: string;
  /** Takes nothing more, and resolves when what was taken has been answered. */
  close(): Promise<void>;
}

const LOOKING = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Throws `not_configured` when nothing can listen there. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { host, port } = options;
  const closing = new AbortController();
  const server = createAdaptorServer({ fetch: routes(options, closing.signal).fetch });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CadreError('not_configured', `nothing can listen on ${host}:${port}: ${reason}`, {
      hint: 'choose another one with --port, or none with --no-http',
      cause,
    });
  }
  const { port: taken } = server.address() as AddressInfo;
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        // Whoever follows would never be answered in full.
        closing.abort();
        server.close(() => resolve());
        if ('closeIdleConnections' in server) server.closeIdleConnections();
      }),
  };
}

function routes(
  { inbox, largestBody, failed, events, guard, admission, metrics, mcp }: ServerOptions,
  closing: AbortSignal,
): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/metrics', async (context) => {
    if (metrics === undefined) return context.notFound();
    assertMayRead(guard, context.env.incoming);
    // Loaded for whoever asks: most never do.
    const { metricsText, METRICS_TYPE } = await import('./metrics.ts');
    return context.text(await metricsText(metrics), 200, { 'content-type': METRICS_TYPE });
  });
  // Before anything is done for it, also before the address is looked at.
  app.use('/api/*', async (context, next) => {
    // Who only looks brings no work.
    const over = LOOKING.has(context.req.method) ? undefined : await admission?.admit();
    try {
      await next();
    } finally {
      over?.();
    }
  });
  app.post('/api/v1/hooks/:name', async (context) => {
    const { incoming } = context.env;
    const raw = await readBody(incoming, largestBody);
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value[0] : value,
      ]),
    );
    const { added, firing } = await inbox.receive({ name: context.req.param('name'), raw, headers });
    const { id, status, run } = firing;
    return context.json({ firing: id, status, ...(run === undefined ? {} : { run }) }, added ? 202 : 200);
  });
  app.route('/api/v1/workspaces', eventRoutes(events, guard, closing));
  app.all('/mcp', async (context) => {
    if (mcp === undefined) return context.notFound();
    assertMayRead(guard, context.env.incoming);
    assertOwnOrigin(context.env.incoming);
    const over = await admission?.admit();
    try {
      return await mcp(context.req.raw);
    } finally {
      over?.();
    }
  });
  app.notFound((context) =>
    context.json({ error: { code: 'not_found', message: 'there is nothing at this address' } }, 404),
  );
  app.onError((error) => answerError(error, failed));
  return app;
}
