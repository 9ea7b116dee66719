import type { ActionContext } from '@cadre/sdk';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type BridgeSettings, settingsOf, withSecrets } from './bridge-settings.ts';
import type { Reached } from './reached.ts';

/** These have no body. */
const EMPTY = new Set([204, 205, 304]);

/**
 * A server that answers over HTTP. Its requests are made by Cadre, each in the name of the call that needs it: this process has
 * no network.
 */
export function openHttp(
  { url, headers }: Extract<BridgeSettings['reach'], { kind: 'http' }>,
  underWay: () => ActionContext | undefined,
): Reached {
  async function send(address: string | URL, init: RequestInit = {}): Promise<Response> {
    const context = underWay();
    // Streams besides the answers, and the end of a session, belong to no call.
    if (context === undefined || init.method !== 'POST') return new Response(null, { status: 405 });
    const {
      status,
      headers: answered,
      body,
    } = await context.fetch(String(address), {
      method: 'POST',
      headers: { ...Object.fromEntries(new Headers(init.headers)), ...(await withSecrets(headers, context)) },
      body: String(init.body ?? ''),
      timeoutMs: settingsOf(context).timeoutMs,
    });
    return new Response(EMPTY.has(status) ? null : body, { status, headers: answered });
  }
  return {
    key: JSON.stringify([url, headers]),
    open: () =>
      new StreamableHTTPClientTransport(new URL(url), {
        fetch: send,
        reconnectionOptions: {
          maxRetries: 0,
          initialReconnectionDelay: 1_000,
          maxReconnectionDelay: 1_000,
          reconnectionDelayGrowFactor: 1,
        },
      }),
    hear: () => undefined,
    lastWords: async () => '',
  };
}
