import type { KeyObject } from 'node:crypto';
import { once } from '@cadre/core';
import { z } from 'zod';
import { isSignedText, type Signature, signText } from '../../signing/signing-key.ts';
import { invalidPackage } from './package-index.ts';

export {
  isPublicKey,
  keyIdOf,
  openSigningKey,
  publicText,
  type Signature,
} from '../../signing/signing-key.ts';

/** What is signed: nothing that was signed for another purpose can be taken for it. */
const signedText = (digest: string) => `cadre worker package v1\n${digest}\n`;

export function signDigest(digest: string, key: KeyObject): Signature {
  return signText(signedText(digest), key);
}

/** Whether who has the key has signed this digest. */
export function isSigned(digest: string, signature: Signature): boolean {
  return isSignedText(signedText(digest), signature);
}

const shape = once(() =>
  z.strictObject({
    algorithm: z.literal('ed25519'),
    key: z.base64().min(1).max(200),
    signature: z.base64().min(1).max(200),
  }),
);

/** Throws CadreError `invalid_package`. */
export function parseSignature(text: string): Signature {
  try {
    return shape().parse(JSON.parse(text));
  } catch (cause) {
    throw invalidPackage('its signature cannot be read', cause);
  }
}
