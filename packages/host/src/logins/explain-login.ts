import { plainText } from '@cadre/core';
import { type Failure, failure } from '@cadre/sdk';
import {
  AuthorizationServerMismatchError,
  InsecureTokenEndpointError,
  IssuerMismatchError,
  OAuthError,
  RegistrationRejectedError,
} from '@modelcontextprotocol/client';
import { ErrandRefused } from './errand-fetch.ts';

const LONGEST = 300;

/** What stood in the way of signing in, of a server that is not trusted. */
export function explainLogin(server: string, error: unknown): Failure {
  if (error instanceof ErrandRefused) return error.failure;
  const could = `nobody could be logged in at the MCP server ${server}`;
  if (error instanceof IssuerMismatchError || error instanceof AuthorizationServerMismatchError) {
    // What came in its place may come from an attacker.
    return failure('denied', `${could}: the answer is from another authorization server than the one asked`, {
      hint: 'tell whoever runs the server; nothing was sent to the other one',
    });
  }
  if (error instanceof InsecureTokenEndpointError) {
    return failure('denied', `${could}: its authorization server answers without https`);
  }
  const said = plainText(beginningOf(error instanceof Error ? error.message : String(error)));
  if (error instanceof RegistrationRejectedError || said.includes('dynamic client registration')) {
    return failure(
      'not_configured',
      `${could}: its authorization server registers no client by itself (${said})`,
      {
        hint: `register one there, and write its id as spec.auth.clientId of .cadre/mcp/${server}.yaml`,
      },
    );
  }
  if (error instanceof OAuthError) return failure('denied', `${could}: ${error.code}, ${said}`);
  if (said.startsWith('Protected resource')) return failure('denied', `${could}: ${said}`);
  return failure('provider_failed', `${could}: ${said}`, { retryable: true });
}

/** Up to a whole word: half a token would not be known for one, and not be masked. */
function beginningOf(text: string): string {
  return text.length <= LONGEST ? text : text.slice(0, LONGEST).replace(/\S*$/, '…');
}
