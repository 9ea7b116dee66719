import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TriggerOn } from '@cadre/core';

type Webhook = Extract<TriggerOn, { kind: 'webhook' }>;

/** Names are in lower case. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** A delivery that is older or newer was recorded and is sent again, or its sender's clock is wrong. */
const MOST_APART_MS = 300_000;

const SIGNATURE_HEADERS = {
  github: 'x-hub-signature-256',
  gitea: 'x-gitea-signature',
  gitlab: 'x-gitlab-token',
  standard: 'webhook-signature',
} as const;

const DELIVERY_HEADERS = {
  github: 'x-github-delivery',
  gitea: 'x-gitea-delivery',
  gitlab: 'x-gitlab-event-uuid',
  standard: 'webhook-id',
  header: 'x-delivery-id',
} as const;

/** Whether whoever sent these bytes knows the secret. It is looked at before anything in them is. */
export function isSigned(
  on: Webhook,
  secret: string,
  raw: Uint8Array,
  headers: Headers,
  now: number,
): boolean {
  const given = headers[signatureHeader(on)];
  if (given === undefined || secret === '') return false;
  switch (on.signature) {
    case 'gitlab':
      // A token and no signature: that is what GitLab has. Hashed, so that the comparison tells no length.
      return isEqual(hmac('token', Buffer.from(given)), hmac('token', Buffer.from(secret)));
    case 'standard':
      return isStandard(secret, raw, headers, given, now);
    default: {
      const hex = given.replace(/^sha256=/, '');
      return /^[0-9a-f]{64}$/i.test(hex) && isEqual(Buffer.from(hex, 'hex'), hmac(secret, raw));
    }
  }
}

export function deliveryOf(on: Webhook, headers: Headers): string | undefined {
  const id = headers[on.delivery?.toLowerCase() ?? DELIVERY_HEADERS[on.signature]];
  return id === undefined || id === '' ? undefined : id.slice(0, 200);
}

export function signatureHeader(on: Webhook): string {
  return on.header?.toLowerCase() ?? (on.signature === 'header' ? '' : SIGNATURE_HEADERS[on.signature]);
}

/** https://www.standardwebhooks.com: HMAC of `ID.SECONDS.BODY`; several signatures while a secret is changed. */
function isStandard(secret: string, raw: Uint8Array, headers: Headers, given: string, now: number): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': seconds } = headers;
  if (id === undefined || !/^\d{1,12}$/.test(seconds ?? '')) return false;
  if (Math.abs(now - Number(seconds) * 1_000) > MOST_APART_MS) return false;
  const prefix = 'whsec_';
  const key = secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : secret;
  const right = hmac(key, Buffer.concat([Buffer.from(`${id}.${seconds}.`), raw]));
  return given
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .some((one) => isEqual(Buffer.from(one.slice('v1,'.length), 'base64'), right));
}

function hmac(key: string | Buffer, bytes: Uint8Array): Buffer {
  return createHmac('sha256', key).update(bytes).digest();
}

function isEqual(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
