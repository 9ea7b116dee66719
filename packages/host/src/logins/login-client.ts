import { CadreError, type McpAuth } from '@cadre/core';
import type {
  AuthorizationServerMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import type { SigningIn } from '../ports/logins.ts';

/** The client of one going through the protocol, and what came of it. */
export interface LoginClient extends OAuthClientProvider {
  readonly made: {
    discovered?: OAuthDiscoveryState & { readonly authorizationServerMetadata: AuthorizationServerMetadata };
    resource?: string;
    client?: StoredOAuthClientInformation;
    tokens?: StoredOAuthTokens;
  };
}

interface Options {
  readonly auth: McpAuth;
  /** The value that `auth.clientSecret` names. */
  readonly secret: string | undefined;
  /** Absent: a program signs in. */
  readonly person: SigningIn | undefined;
  /** From now on this value is masked. */
  readonly hide: (value: string) => void;
}

/** A shorter one would hide half of every text, and of a longer one all that is said would have to be searched for it; no header could hold it. */
const HIDDEN = { least: 16, most: 8_192 } as const;

/** Whether what an authorization server chose can be kept out of all that is told. */
export function checkHidden(what: string, { length }: string): void {
  if (length < HIDDEN.least || length > HIDDEN.most)
    throw refused(
      `${what} has ${length} characters, and ${HIDDEN.least} to ${HIDDEN.most} can be kept secret`,
    );
}

export function secretIn(client: LoginClient['made']['client']): string | undefined {
  return client !== undefined && 'client_secret' in client ? client.client_secret : undefined;
}

/**
 * The part of the protocol that the library leaves to its user. It keeps what is made in memory.
 * Invariant: nothing is registered, shown or sent to an authorization server before it was found to be one that may be used.
 */
export function createLoginClient({ auth, secret, person, hide }: Options): LoginClient {
  const made: LoginClient['made'] = {};
  let verifier = '';
  const given: StoredOAuthClientInformation | undefined =
    auth.clientId === undefined
      ? undefined
      : { client_id: auth.clientId, ...(secret === undefined ? {} : { client_secret: secret }) };
  return {
    made,
    redirectUrl: person?.redirectUrl,
    ...(auth.clientMetadata === undefined ? {} : { clientMetadataUrl: auth.clientMetadata }),
    clientMetadata: {
      client_name: 'Cadre',
      redirect_uris: person === undefined ? [] : [person.redirectUrl],
      grant_types: person === undefined ? ['client_credentials'] : ['authorization_code', 'refresh_token'],
      ...(person === undefined ? {} : { response_types: ['code'], token_endpoint_auth_method: 'none' }),
    },
    state: () => person?.state ?? '',
    // The issuer was looked at when it was discovered.
    clientInformation: (about) => made.client ?? (given && { ...given, ...about }),
    saveClientInformation(client) {
      const own = secretIn(client);
      if (own !== undefined) {
        checkHidden('the secret of the client', own);
        hide(own);
      }
      made.client = client;
    },
    tokens: () => undefined,
    saveTokens(tokens) {
      made.tokens = tokens;
    },
    saveCodeVerifier(text) {
      verifier = text;
    },
    codeVerifier: () => verifier,
    discoveryState: () => made.discovered,
    saveDiscoveryState(found) {
      made.discovered = checked(found, auth);
    },
    saveResourceUrl(resource) {
      made.resource = resource;
    },
    redirectToAuthorization(address) {
      const issuer = made.discovered?.authorizationServerMetadata.issuer ?? '';
      if (address.protocol !== 'https:' && !isLoopback(address))
        throw refused(`one would sign in at ${address.origin}, without https`);
      const scope = address.searchParams.get('scope');
      person?.show(address, { issuer, ...(scope === null ? {} : { scope }) });
    },
    ...(person === undefined && {
      prepareTokenRequest: (scope?: string) =>
        new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) }),
    }),
  };
}

function checked(found: OAuthDiscoveryState, { issuer, grant }: McpAuth) {
  const { authorizationServerMetadata: metadata, authorizationServerUrl } = found;
  if (metadata === undefined) throw refused(`${authorizationServerUrl} does not say how one signs in there`);
  if (issuer !== undefined && withoutSlash(issuer) !== withoutSlash(metadata.issuer))
    throw refused(
      `it names the authorization server ${metadata.issuer}, and ${issuer} is the one that counts`,
    );
  const ways = metadata.code_challenge_methods_supported ?? [];
  if (grant === 'authorization_code' && !ways.includes('S256'))
    throw refused(`${metadata.issuer} does not protect the code that it sends back (PKCE with S256)`);
  return { ...found, authorizationServerMetadata: metadata };
}

function refused(message: string): CadreError {
  return new CadreError('denied', message);
}

function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, '');
}

function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}
