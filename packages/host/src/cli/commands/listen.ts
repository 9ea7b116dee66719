import { isCadreError } from '@cadre/core';
import { parseDuration } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import { createAdmission } from '../../http/admission.ts';
import { createServer, type Server } from '../../http/create-server.ts';
import { createLoopDelay } from '../../http/loop-delay.ts';
import type { McpEndpoint } from '../../mcp/serve-http.ts';
import type { Invocation } from '../command.ts';
import { usageError } from '../exit.ts';
import { VERSION } from '../version.ts';

/** More than a delivery has, so that the refusal names the trigger's own limit. */
const LARGEST_BODY = 1_048_576;

/**
 * Takes webhooks and tells events. A port that nobody asked for and that another process has is no reason not to serve: that one takes
 * them for both.
 */
export async function listen(app: App, { options, output }: Invocation): Promise<Server | undefined> {
  const { http } = app.config;
  const port = options['port'] === undefined ? http.port : Number(options['port']);
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw usageError(`--port is a number from 0 to 65535, not '${String(options['port'])}'`, '--port 4717');
  }
  const host = typeof options['host'] === 'string' ? options['host'] : http.host;
  const guard = { token: await app.httpToken() };
  const admission = createAdmission({
    limits: { ...http.limits, delayMs: parseDuration(http.limits.delay) },
    clock: app.clock,
    delay: createLoopDelay(),
    countWaiting: (most) => app.countWaiting(most),
    told(reason) {
      if (reason === undefined) app.log.info('new work is taken again');
      else app.log.warn('new work is refused', { reason });
      output.note(reason === undefined ? 'takes new work again' : `refuses new work: ${reason}`);
    },
  });
  const failed = (error: unknown) =>
    app.log.error('a request failed', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  const mcp = lateMcp(app, failed);
  try {
    const server = await createServer({
      inbox: app.inbox,
      host,
      port,
      largestBody: LARGEST_BODY,
      events: app.events,
      guard,
      admission,
      metrics: {
        now: () => app.clock.now(),
        figures: () => app.figures(),
        quarantines: () => app.quarantines.list(),
        counts: () => app.upkeep.counts(),
        ...(app.waitingJobs === undefined ? {} : { queue: app.waitingJobs }),
      },
      mcp: mcp.answer,
      failed,
    });
    app.watchEdge(() => admission.figures());
    output.note(`listens on ${server.address}`);
    output.note(`mcp: ${server.address}/mcp`);
    output.note(`events: ${server.address}/api/v1/workspaces/${(await app.events()).workspace}/events`);
    return {
      address: server.address,
      async close() {
        await mcp.close();
        await server.close();
        admission.close();
      },
    };
  } catch (error) {
    admission.close();
    if (!isCadreError(error) || options['port'] !== undefined) throw error;
    output.note(`${error.message}; no webhooks are taken here`);
    return undefined;
  }
}

/** Loaded for the first client: most processes never have one. */
function lateMcp(app: App, failed: (error: unknown) => void): McpEndpoint {
  let opened: Promise<McpEndpoint> | undefined;
  const open = async () => {
    const { serveMcpHttp } = await import('../../mcp/serve-http.ts');
    return serveMcpHttp({ app, version: VERSION, principal: 'mcp:http' }, LARGEST_BODY, failed);
  };
  return {
    async answer(request) {
      opened ??= open();
      return (await opened).answer(request);
    },
    close: async () => (await opened)?.close(),
  };
}
