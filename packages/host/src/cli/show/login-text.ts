import { exactText } from '@cadre/core/history';
import type { LoginState } from '../../ports/logins.ts';

/** `logged in at https://auth.example.org, renewed by itself` */
export function loginText({ server, grant, issuer, renews, expiresAt }: LoginState, now: number): string {
  if (issuer === undefined)
    return grant === 'client_credentials' ? 'signs in by itself' : `not logged in: cadre mcp login ${server}`;
  const where = `logged in at ${exactText(issuer)}`;
  if (renews === true) return `${where}, renewed by itself`;
  if (expiresAt === undefined) return where;
  const until = new Date(expiresAt).toISOString();
  return expiresAt > now
    ? `${where} until ${until}`
    : `was ${where} until ${until}: cadre mcp login ${server}`;
}
