import { CadreError } from '@cadre/core';

export interface PostgresAddress {
  /** With the password: for the driver alone. */
  readonly url: string;
  readonly schema: string;
  /** For people: without password. */
  readonly name: string;
}

/** What PostgreSQL takes without quotes, and what leaves room for the names that are made of it. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/;

/** Throws `config_invalid`, and never says what the address was: a password may stand in it. */
export function parsePostgresAddress(url: string, schema: string): PostgresAddress {
  if (!SCHEMA.test(schema)) {
    throw new CadreError('config_invalid', `'${schema}' cannot be the schema of a store`, {
      hint: 'use small letters, digits and underscores, at most 40: store.schema',
    });
  }
  // PostgreSQL leaves the host out for a socket of this machine, which the general grammar of addresses does not allow.
  const regular = url.replace(/^(\w+:\/\/[^/@]*@?)\//, '$1localhost/');
  const parsed = URL.canParse(regular) ? new URL(regular) : undefined;
  if (parsed === undefined || !['postgres:', 'postgresql:'].includes(parsed.protocol)) {
    throw new CadreError('config_invalid', 'store.url is no address of a PostgreSQL database', {
      hint: 'write it as postgres://USER:PASSWORD@HOST:5432/DATABASE',
    });
  }
  const host = parsed.searchParams.get('host') ?? parsed.host;
  return { url, schema, name: `postgres://${host}${parsed.pathname} (schema ${schema})` };
}
