import { type ActionContext, ActionError, type Fetched, type FetchPart } from '@cadre/sdk';
import { extractWWWAuthenticateParams, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type BridgeSettings, settingsOf, withReferences } from './bridge-settings.ts';
import type { Reached } from './reached.ts';

/** These have no body. */
const EMPTY = new Set([204, 205, 304]);

/**
 * A server that answers over HTTP. Its requests are made by Cadre, each in the name of the call that needs it: this process has
 * no network.
 */
export function openHttp(
  id: string,
  { url, headers }: Extract<BridgeSettings['reach'], { kind: 'http' }>,
  underWay: () => ActionContext | undefined,
): Reached {
  const last = new Set<Promise<unknown>>();

  function send(address: string | URL, init?: RequestInit): Promise<Response> {
    const sending = sendNow(address, init);
    if (underWay()?.signal.aborted === true) {
      const over = sending.catch(() => undefined).finally(() => last.delete(over));
      last.add(over);
    }
    return sending;
  }

  async function sendNow(address: string | URL, init: RequestInit = {}): Promise<Response> {
    const context = underWay();
    // Streams besides the answers, and the end of a session, belong to no call.
    if (context === undefined || init.method !== 'POST') return new Response(null, { status: 405 });
    const { login, timeoutMs } = settingsOf(context);
    const signed = login === undefined ? {} : { authorization: ['Bearer ', context.secretReference(login)] };
    const answer = await answerOf((onPart) =>
      context.fetch(String(address), {
        method: 'POST',
        headers: {
          ...Object.fromEntries(new Headers(init.headers)),
          ...withReferences(headers, context),
          ...signed,
        },
        body: String(init.body ?? ''),
        timeoutMs,
        onPart,
      }),
    );
    refuseStranger(id, answer, login !== undefined);
    return answer;
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
    end: () => undefined,
    async sent() {
      await Promise.all(last);
    },
  };
}

/** With the body as it comes, where it comes in parts. */
function answerOf(fetch: (onPart: (part: FetchPart) => void) => Promise<Fetched>): Promise<Response> {
  return new Promise((resolve, reject) => {
    let body: ReadableStreamDefaultController<Uint8Array> | undefined;
    const encoder = new TextEncoder();
    const onPart = (part: FetchPart) => {
      if ('text' in part) return body?.enqueue(encoder.encode(part.text));
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          body = controller;
        },
      });
      resolve(new Response(stream, { status: part.status, headers: part.headers }));
    };
    fetch(onPart).then(
      ({ status, headers, body: text }) => {
        if (body !== undefined) return body.close();
        resolve(new Response(EMPTY.has(status) ? null : text, { status, headers }));
      },
      (error: unknown) => (body === undefined ? reject(error) : body.error(error)),
    );
  });
}

/** Throws what a person can do about a server that does not know who asks. */
function refuseStranger(id: string, answer: Response, isLoggedIn: boolean): void {
  const { error, scope } = extractWWWAuthenticateParams(answer);
  if (answer.status === 403 && error === 'insufficient_scope') {
    const wider = scope === undefined ? '' : ` --scope ${JSON.stringify(scope)}`;
    throw new ActionError('denied', `the MCP server ${id} wants a login that may do more`, {
      hint: `cadre mcp login ${id}${wider}`,
    });
  }
  if (answer.status !== 401) return;
  const what = isLoggedIn ? 'does not take the login that there is' : 'answers only to whoever is logged in';
  throw new ActionError('not_configured', `the MCP server ${id} ${what}`, {
    hint: isLoggedIn
      ? `cadre mcp login ${id}`
      : `write \`auth: {}\` under spec in .cadre/mcp/${id}.yaml and run cadre mcp login ${id}, or give its token as a secret in headers`,
  });
}
