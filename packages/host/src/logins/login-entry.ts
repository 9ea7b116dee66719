import { join } from 'node:path';
import { sha256 } from '@cadre/core';
import { z } from 'zod';
import { openPersonalEntries, type PersonalEntries } from '../personal-entries.ts';

const text = z.string();

const shape = z.object({
  root: text,
  server: text,
  url: text,
  grant: z.enum(['authorization_code', 'client_credentials']),
  issuer: text,
  authorizationServer: text,
  /** As the authorization server published it when somebody signed in: what a server says later moves nothing. */
  metadata: z.record(text, z.unknown()),
  resource: text.exactOptional(),
  client: z.object({ client_id: text, client_secret: text.exactOptional() }),
  tokens: z.object({
    access_token: text,
    refresh_token: text.exactOptional(),
    scope: text.exactOptional(),
  }),
  expiresAt: z.number().exactOptional(),
  at: z.number(),
});

/** What is kept of one login, for one server of one workspace. */
export type LoginEntry = z.infer<typeof shape>;

export interface LoginEntries extends Pick<PersonalEntries<LoginEntry>, 'find' | 'put' | 'remove'> {
  /** By workspace and server: what another repository declares under the same name is not this. */
  keyOf(server: string): string;
  lockOf(server: string): string;
}

/** In the person's own folder, each in a file that nobody else may read. */
export function openLoginEntries(folder: string, root: string): LoginEntries {
  const entries = openPersonalEntries(folder, {
    called: 'a login at an MCP server',
    until: 'nobody is logged in there',
    parse: (data) => shape.parse(data),
  });
  const keyOf = (server: string) => sha256(`${root}\n${server}`);
  return { ...entries, keyOf, lockOf: (server) => join(folder, `${keyOf(server)}.lock`) };
}
