import { CadreError, type Trigger } from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { FiringRecord } from '../ports/firing-store.ts';
import type { SecretSource } from '../ports/secret-source.ts';
import type { InboxContext } from './context.ts';
import type { RateLimit } from './rate-limit.ts';
import { deliveryOf, type Headers, isSigned, signatureHeader } from './verify-signature.ts';

export const LARGEST_BODY = 1_048_576;

export interface Delivery {
  /** Name of the trigger. */
  readonly name: string;
  /** As they came: what is signed are these bytes. */
  readonly raw: Uint8Array;
  readonly headers: Headers;
}

export interface Received {
  /** False: the same delivery came before, and `firing` is what became of it. */
  readonly added: boolean;
  readonly firing: FiringRecord;
}

/**
 * Keeps a delivery, once, before anything is done about it. Throws `trigger_not_found`, `too_many`, `too_large`,
 * `bad_signature`, `not_configured`, `invalid_input`.
 */
export async function receiveWebhook(
  context: InboxContext & { readonly secrets: SecretSource; readonly rate: RateLimit },
  { name, raw, headers }: Delivery,
): Promise<Received> {
  const { clock, rate, firings } = context;
  const trigger = (await context.triggers()).find((one) => one.name === name);
  if (trigger?.on.kind !== 'webhook' || !trigger.enabled) {
    throw new CadreError('trigger_not_found', `there is no webhook ${JSON.stringify(name.slice(0, 64))}`);
  }
  const now = clock.now();
  const waitMs = rate.refused(name, now);
  if (waitMs !== undefined) {
    throw new CadreError('too_many', `${name} was called too often within a minute`, {
      hint: `send it again in ${Math.ceil(waitMs / 1_000)} s`,
      details: { retryAfterSeconds: Math.ceil(waitMs / 1_000) },
    });
  }
  if (raw.byteLength > LARGEST_BODY) {
    throw new CadreError('too_large', `a delivery has at most ${LARGEST_BODY} bytes`);
  }
  const secret = await context.secrets.find(trigger.on.secret);
  if (secret === undefined) {
    throw new CadreError('not_configured', `the secret of the webhook ${name} is not set`, {
      hint: `set secret:${trigger.on.secret}`,
    });
  }
  if (!isSigned(trigger.on, secret, raw, headers, now)) {
    throw new CadreError('bad_signature', `the delivery is not signed with the secret of ${name}`, {
      hint: `the signature belongs into the header ${signatureHeader(trigger.on)}`,
    });
  }
  const delivery = deliveryOf(trigger.on, headers);
  return firings.add({
    trigger: name,
    // Without an id each delivery is one of its own.
    key: `delivery:${delivery ?? clock.newId('delivery')}`,
    due: now,
    claimedAt: now,
    priority: trigger.priority,
    notBefore: now,
    event: eventOf(trigger, raw, headers, now, delivery),
  });
}

function eventOf(
  { name }: Trigger,
  raw: Uint8Array,
  headers: Headers,
  now: number,
  delivery: string | undefined,
): JsonObject {
  return {
    kind: 'webhook',
    name,
    due: new Date(now).toISOString(),
    ...(delivery === undefined ? {} : { delivery }),
    headers: toldHeaders(headers),
    data: parseBody(raw, headers['content-type'] ?? ''),
  };
}

function parseBody(raw: Uint8Array, type: string): JsonValue {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch (cause) {
    throw new CadreError('invalid_input', 'the delivery is not a text in UTF-8', { cause });
  }
  if (type.startsWith('application/x-www-form-urlencoded')) {
    const form = Object.fromEntries(new URLSearchParams(text));
    // GitHub's other way puts the JSON into a field.
    return form['payload'] === undefined ? form : parseJson(form['payload']);
  }
  if (text === '') return null;
  return /\bjson\b/.test(type) ? parseJson(text) : text;
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new CadreError('invalid_input', 'the delivery is no JSON', { cause });
  }
}

/** What says what it is about; never what proves who sent it. */
function toldHeaders(headers: Headers): JsonObject {
  const told = Object.entries(headers).filter(
    ([name]) =>
      (name === 'content-type' || name === 'user-agent' || name.startsWith('x-')) &&
      !/token|signature|secret|auth|key|cookie|forwarded|real-ip/.test(name),
  );
  return Object.fromEntries(told.map(([name, value]) => [name, value ?? '']));
}
