import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from '@cadre/core';
import { failure, type Outcome } from '@cadre/sdk';

/**
 * The address to connect to for a host, looked up once: whoever connects must use this very address, or a name server
 * could answer differently the next time. Addresses that are not in the open network are given only when the host was
 * granted by its exact name.
 */
export async function resolveAddress(host: string, isExact: boolean): Promise<Outcome<string>> {
  const name = host.replace(/^\[|\]$/g, '');
  const addresses = isIP(name) === 0 ? await lookUp(name) : [name];
  if (addresses.length === 0) {
    return {
      ok: false,
      failure: failure('provider_failed', `there is no address for ${host}`, {
        retryable: true,
        hint: 'check the name and the network of this machine',
      }),
    };
  }
  const usable = addresses.find((address) => isExact || isPublicAddress(address));
  if (usable !== undefined) return { ok: true, output: usable };
  return {
    ok: false,
    failure: failure('denied', `${host} is ${addresses[0]}, which is this machine or a private network`, {
      hint: `grant exactly this host: net:${host}`,
      details: { addresses: [...addresses] },
    }),
  };
}

async function lookUp(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    // Unknown, or no name server can be reached: told as having no address.
    return [];
  }
}
