import { createHmac } from 'node:crypto';

/**
 * Headers of the Standard Webhooks layout: the receiver computes HMAC-SHA256 over `ID.SECONDS.BODY` and refuses old
 * seconds and ids it has seen. A secret may be written `whsec_` and base64, else its bytes are taken as they are.
 */
export function signatureHeaders(
  secret: string,
  message: { readonly id: string; readonly seconds: number; readonly body: string },
): Record<string, string> {
  const prefix = 'whsec_';
  const key = secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), 'base64')
    : Buffer.from(secret);
  const signed = `${message.id}.${message.seconds}.${message.body}`;
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(message.seconds),
    'webhook-signature': `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
  };
}
