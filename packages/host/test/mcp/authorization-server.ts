import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** An authorization server that speaks the protocol, and whatever it should not say. */
export interface AuthorizationServer {
  readonly issuer: string;
  readonly port: number;
  /** What it was asked, in order: `POST /token refresh_token`. */
  readonly asked: string[];
  readonly registered: Record<string, unknown>[];
  isGood(token: string): boolean;
  /** From now on these tokens count no more. */
  forget(what: 'access' | 'refresh'): void;
}

interface Wishes {
  /** Laid over what it publishes of itself. */
  readonly metadata?: (issuer: string) => Record<string, unknown>;
  /** Laid over what it adds to the address that the browser is sent back to; undefined: left out. */
  readonly answer?: Record<string, string | undefined>;
  readonly expiresIn?: number;
  readonly clients?: Readonly<Record<string, string>>;
  readonly registers?: boolean;
  readonly withoutRefresh?: boolean;
  /** Sends whoever asks for this path there. */
  readonly redirects?: Readonly<Record<string, string>>;
}

interface Grant {
  readonly client: string;
  readonly challenge: string;
  readonly redirectUri: string;
  readonly resource: string;
}

export async function authorizationServer(wishes: Wishes = {}): Promise<AuthorizationServer> {
  const { expiresIn = 3_600, registers = true } = wishes;
  const [codes, access, refresh] = [new Map<string, Grant>(), new Set<string>(), new Map<string, string>()];
  const clients = new Map<string, string | undefined>(Object.entries(wishes.clients ?? {}));
  const [asked, registered]: [string[], Record<string, unknown>[]] = [[], []];

  function tokens(resource: string) {
    const token = `access-${randomUUID()}`;
    access.add(token);
    const again = `refresh-${randomUUID()}`;
    refresh.set(again, resource);
    return {
      access_token: token,
      token_type: 'Bearer',
      expires_in: expiresIn,
      scope: 'tools',
      ...(wishes.withoutRefresh === true ? {} : { refresh_token: again }),
    };
  }

  function clientOf(request: IncomingMessage, form: URLSearchParams): string | undefined {
    const [, basic] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const [id, secret] =
      basic === undefined
        ? [form.get('client_id') ?? '', form.get('client_secret') ?? undefined]
        : Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent);
    return clients.has(id ?? '') && clients.get(id ?? '') === secret ? id : undefined;
  }

  function exchange(request: IncomingMessage, form: URLSearchParams): [number, Record<string, unknown>] {
    const client = clientOf(request, form);
    if (client === undefined) return [401, { error: 'invalid_client' }];
    const resource = form.get('resource') ?? '';
    switch (form.get('grant_type')) {
      case 'authorization_code': {
        const grant = codes.get(form.get('code') ?? '');
        codes.delete(form.get('code') ?? '');
        const challenge = createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url');
        const fits =
          grant !== undefined &&
          grant.client === client &&
          grant.challenge === challenge &&
          grant.redirectUri === form.get('redirect_uri') &&
          grant.resource === resource;
        return fits ? [200, tokens(resource)] : [400, { error: 'invalid_grant' }];
      }
      case 'refresh_token': {
        const old = form.get('refresh_token') ?? '';
        if (refresh.get(old) !== resource) return [400, { error: 'invalid_grant' }];
        // Each counts once: who uses it twice was robbed, or did not wait for its turn.
        refresh.delete(old);
        return [200, tokens(resource)];
      }
      case 'client_credentials':
        return [200, tokens(resource)];
      default:
        return [400, { error: 'unsupported_grant_type' }];
    }
  }

  const { server, port } = await listening(async (request, response) => {
    const issuer = `http://127.0.0.1:${port}`;
    const url = new URL(request.url ?? '/', issuer);
    const body = await bodyOf(request);
    const form = new URLSearchParams(body);
    asked.push([request.method, url.pathname, form.get('grant_type') ?? ''].join(' ').trim());
    const redirect = wishes.redirects?.[url.pathname];
    if (redirect !== undefined) return response.writeHead(302, { location: redirect }).end();
    switch (url.pathname) {
      case '/.well-known/oauth-authorization-server':
        return json(response, 200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          revocation_endpoint: `${issuer}/revoke`,
          ...(registers ? { registration_endpoint: `${issuer}/register` } : {}),
          response_types_supported: ['code'],
          code_challenge_methods_supported: ['S256'],
          authorization_response_iss_parameter_supported: true,
          token_endpoint_auth_methods_supported: ['none', 'client_secret_basic'],
          ...wishes.metadata?.(issuer),
        });
      case '/register': {
        const client = {
          ...(JSON.parse(body) as Record<string, unknown>),
          client_id: `client-${randomUUID()}`,
        };
        registered.push(client);
        clients.set(client.client_id, undefined);
        return json(response, 201, client);
      }
      case '/authorize': {
        const code = randomUUID();
        const asks = (name: string) => url.searchParams.get(name) ?? '';
        codes.set(code, {
          client: asks('client_id'),
          challenge: asks('code_challenge'),
          redirectUri: asks('redirect_uri'),
          resource: asks('resource'),
        });
        const back = new URL(asks('redirect_uri'));
        const answer = { code, state: asks('state'), iss: issuer, ...wishes.answer };
        for (const [name, value] of Object.entries(answer))
          if (value !== undefined) back.searchParams.set(name, value);
        return response.writeHead(302, { location: back.href }).end();
      }
      case '/token':
        return json(response, ...exchange(request, form));
      case '/revoke':
        return response.writeHead(200).end();
      default:
        return response.writeHead(404).end();
    }
  });
  onTestFinished(() => void server.close());
  return {
    issuer: `http://127.0.0.1:${port}`,
    port,
    asked,
    registered,
    isGood: (token) => access.has(token),
    forget(what) {
      (what === 'access' ? access : refresh).clear();
    },
  };
}

/** The clock, for those alone who have a token of that authorization server. Answers its port, and what tokens it saw. */
export async function guardedClock(
  { issuer, isGood }: Pick<AuthorizationServer, 'issuer' | 'isGood'>,
  metadata: (own: string) => Record<string, unknown> = () => ({}),
  challenge?: (own: string) => string,
): Promise<{ readonly port: number; readonly seen: string[] }> {
  const seen: string[] = [];
  const { server, port } = await listening(async (request, response) => {
    const own = `http://127.0.0.1:${port}`;
    const body = await bodyOf(request);
    if (request.url === '/.well-known/oauth-protected-resource/mcp') {
      return json(response, 200, {
        resource: `${own}/mcp`,
        authorization_servers: [issuer],
        scopes_supported: ['tools'],
        ...metadata(own),
      });
    }
    if (request.url !== '/mcp') return response.writeHead(404).end();
    const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (token !== '') seen.push(token);
    if (!isGood(token)) {
      const where = challenge?.(own) ?? `${own}/.well-known/oauth-protected-resource/mcp`;
      return response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${where}"` }).end();
    }
    const { id, method, params } = JSON.parse(body) as {
      id?: number;
      method: string;
      params?: { name: string };
    };
    if (id === undefined) return response.writeHead(202).end();
    // What it got comes back, to see who is shown it.
    const echo = `12:00, ${request.headers.authorization}`;
    const result = RESULTS[method]?.(params?.name === 'get_time' ? echo : '');
    const said = result === undefined ? { error: { code: -32601, message: 'no' } } : { result };
    return json(response, 200, { jsonrpc: '2.0', id, ...said });
  });
  onTestFinished(() => void server.close());
  return { port, seen };
}

const RESULTS: Readonly<Record<string, (text: string) => unknown>> = {
  initialize: () => ({
    protocolVersion: '2025-06-18',
    capabilities: { tools: {} },
    serverInfo: { name: 'clock', version: '1.2.3' },
  }),
  'tools/list': () => ({
    tools: [{ name: 'get_time', description: 'The time', inputSchema: { type: 'object' } }],
  }),
  'tools/call': (text) => ({ content: [{ type: 'text', text }] }),
};

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

async function listening(
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
