import { isCadreError, type McpAuth } from '@cadre/core';
import { failure, type Outcome } from '@cadre/sdk';
import {
  auth as authorize,
  extractWWWAuthenticateParams,
  OAuthError,
  refreshAuthorization,
  validateAuthorizationResponseIssuer,
} from '@modelcontextprotocol/client';
import type { Errand, SigningIn } from '../ports/logins.ts';
import { errandFetch } from './errand-fetch.ts';
import { explainLogin } from './explain-login.ts';
import { checkHidden, createLoginClient, type LoginClient, secretIn } from './login-client.ts';
import type { LoginEntry } from './login-entry.ts';

/** A server, as it is declared, at which one can sign in. */
export interface LoginServer {
  readonly name: string;
  readonly url: string;
  readonly auth: McpAuth;
}

type Made = Omit<LoginEntry, 'root' | 'at'>;

/** Signs a person in, or a program where there is none. */
export async function signIn(
  server: LoginServer,
  errand: Errand,
  person: SigningIn | undefined,
  now: () => number,
): Promise<Outcome<Made>> {
  const { name, auth } = server;
  const secret = await clientSecret(auth, errand);
  if (secret?.ok === false) return secret;
  try {
    const client = createLoginClient({
      auth,
      secret: secret?.output,
      person,
      hide: (text) => errand.hide(text),
    });
    const fetchFn = errandFetch(errand);
    const { resourceMetadataUrl, scope: wanted } = await challengeOf(server.url, fetchFn);
    const scope = person?.scope ?? auth.scope ?? wanted;
    const options = {
      serverUrl: server.url,
      fetchFn,
      ...(resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl }),
      ...(scope === undefined ? {} : { scope }),
    };
    const first = await authorize(client, options);
    if (first === 'REDIRECT' && person !== undefined) {
      const answer = await person.answer();
      const iss = answer.get('iss') ?? undefined;
      const authorizationCode = codeIn(answer, iss, client);
      await authorize(client, { ...options, authorizationCode, ...(iss === undefined ? {} : { iss }) });
    }
    return { ok: true, output: entryOf(server, client, errand, now()) };
  } catch (error) {
    return { ok: false, failure: faultOf(name, error) };
  }
}

/** Another token for one that has run out. `not_configured`: the authorization server gives none any more. */
export async function renew(
  server: LoginServer,
  entry: LoginEntry,
  errand: Errand,
  now: () => number,
): Promise<Outcome<Made>> {
  const { refresh_token: refreshToken = '' } = entry.tokens;
  // What is sent may come back in whatever is said of it.
  for (const sent of [refreshToken, entry.client.client_secret ?? '']) errand.hide(sent);
  const secret = await clientSecret(server.auth, errand);
  if (secret?.ok === false) return secret;
  try {
    const { expires_in, ...tokens } = await refreshAuthorization(entry.authorizationServer, {
      metadata: entry.metadata as never,
      clientInformation: {
        ...entry.client,
        ...(secret === undefined ? {} : { client_secret: secret.output }),
      },
      refreshToken,
      ...(entry.resource === undefined ? {} : { resource: entry.resource }),
      fetchFn: errandFetch(errand),
    });
    const { expiresAt: _, ...before } = entry;
    return {
      ok: true,
      output: { ...before, tokens: kept(tokens, errand, entry.tokens.scope), ...ending(expires_in, now()) },
    };
  } catch (error) {
    if (
      error instanceof OAuthError &&
      ['invalid_grant', 'invalid_client', 'unauthorized_client'].includes(error.code)
    )
      return {
        ok: false,
        failure: failure('not_configured', `${entry.issuer} has ended the login for ${server.name}`),
      };
    return { ok: false, failure: faultOf(server.name, error) };
  }
}

async function clientSecret(auth: McpAuth, errand: Errand): Promise<Outcome<string> | undefined> {
  const { clientSecret: name, issuer } = auth;
  if (name === undefined || issuer === undefined) return undefined;
  const found = await errand.secret(name, new URL(issuer));
  if (found.ok) errand.hide(found.output);
  return found;
}

/** What the server says to whoever has not signed in. */
async function challengeOf(url: string, fetchFn: ReturnType<typeof errandFetch>) {
  const response = await fetchFn(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  });
  return response.status === 401 ? extractWWWAuthenticateParams(response) : {};
}

/** Nothing of an answer is told before it is known who gave it. */
function codeIn(answer: URLSearchParams, iss: string | undefined, client: LoginClient): string {
  const metadata = client.made.discovered?.authorizationServerMetadata;
  validateAuthorizationResponseIssuer({
    iss,
    expectedIssuer: metadata?.issuer,
    issParameterSupported: metadata?.['authorization_response_iss_parameter_supported'] === true,
  });
  const code = answer.get('code');
  if (code !== null && code !== '') return code;
  throw new OAuthError(
    answer.get('error') ?? 'no_code',
    answer.get('error_description') ?? 'the answer has no code in it',
  );
}

function entryOf({ name, url, auth }: LoginServer, { made }: LoginClient, errand: Errand, now: number): Made {
  const { discovered, client, tokens, resource } = made;
  if (discovered === undefined || tokens === undefined) throw new Error('no token was given');
  const { authorizationServerMetadata: metadata, authorizationServerUrl } = discovered;
  const id = client?.client_id ?? auth.clientId ?? '';
  // One that was declared stays where secrets are; one that was made with the registration is nowhere else.
  const own = auth.clientSecret === undefined ? secretIn(client) : undefined;
  return {
    server: name,
    url,
    grant: auth.grant,
    issuer: metadata.issuer,
    authorizationServer: String(authorizationServerUrl),
    metadata: { ...metadata },
    ...(resource === undefined ? {} : { resource }),
    client: { client_id: id, ...(own === undefined ? {} : { client_secret: own }) },
    tokens: kept(tokens, errand),
    ...ending(tokens.expires_in, now),
  };
}

interface Tokens {
  readonly access_token: string;
  readonly token_type?: string;
  readonly refresh_token?: string | undefined;
  readonly scope?: string | undefined;
}

function kept(
  { access_token, token_type = 'bearer', refresh_token, scope }: Tokens,
  errand: Errand,
  before?: string,
): LoginEntry['tokens'] {
  for (const given of [access_token, refresh_token]) {
    if (given === undefined) continue;
    checkHidden('a token', given);
    errand.hide(given);
  }
  if (token_type.toLowerCase() !== 'bearer')
    throw new Error(`tokens of the kind ${token_type} cannot be used`);
  // It becomes part of a header.
  if (!/^[\x21-\x7e]+$/.test(access_token))
    throw new Error('the token has characters that no header may have');
  const granted = scope ?? before;
  return {
    access_token,
    ...(refresh_token === undefined ? {} : { refresh_token }),
    ...(granted === undefined ? {} : { scope: granted }),
  };
}

function ending(seconds: number | undefined, now: number): { expiresAt?: number } {
  return seconds === undefined ? {} : { expiresAt: now + seconds * 1_000 };
}

function faultOf(server: string, error: unknown) {
  if (!isCadreError(error)) return explainLogin(server, error);
  const message = `nobody could be logged in at the MCP server ${server}: ${error.message}`;
  return failure(error.code, message, error.hint === undefined ? {} : { hint: error.hint });
}
