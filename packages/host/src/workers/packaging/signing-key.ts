import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CadreError, once } from '@cadre/core';
import { writeAtomic } from '@cadre/kit/files';
import { z } from 'zod';
import { invalidPackage } from './package-index.ts';

/** Ed25519 (RFC 8032), as Node has it from OpenSSL. */
export interface Signature {
  readonly algorithm: 'ed25519';
  /** Public key: SubjectPublicKeyInfo, DER, base64. */
  readonly key: string;
  readonly signature: string;
}

/** What is signed: nothing that was signed for another purpose can be taken for it. */
const signedText = (digest: string) => Buffer.from(`cadre worker package v1\n${digest}\n`);

/** How people name a key to each other: the beginning of its SHA-256. */
export function keyIdOf(key: string): string {
  return createHash('sha256').update(Buffer.from(key, 'base64')).digest('hex').slice(0, 32);
}

/** The key of this person, made when there is none. Throws `denied` when others could have read it. */
export async function openSigningKey(
  file: string,
): Promise<{ readonly key: KeyObject; readonly isNew: boolean }> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) {
    const { privateKey } = generateKeyPairSync('ed25519');
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeAtomic(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
      ifVersion: null,
    });
    await chmod(file, 0o600);
    return { key: privateKey, isNew: true };
  }
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    throw new CadreError('denied', `the signing key ${file} can be read by others`, {
      hint: `chmod 600 ${file}; if somebody may have read it, remove it, sign anew and tell whoever trusts it`,
    });
  }
  return { key: createPrivateKey(await readFile(file)), isNew: false };
}

export function publicText(key: KeyObject): string {
  const open = key.type === 'public' ? key : createPublicKey(key);
  return open.export({ type: 'spki', format: 'der' }).toString('base64');
}

export function signDigest(digest: string, key: KeyObject): Signature {
  return {
    algorithm: 'ed25519',
    key: publicText(key),
    signature: sign(null, signedText(digest), key).toString('base64'),
  };
}

/** Whether who has the key has signed this digest. */
export function isSigned(digest: string, { key, signature }: Signature): boolean {
  const open = openPublicKey(key);
  if (open === undefined) return false;
  return verify(null, signedText(digest), open, Buffer.from(signature, 'base64'));
}

export function isPublicKey(key: string): boolean {
  return openPublicKey(key) !== undefined;
}

function openPublicKey(key: string): KeyObject | undefined {
  try {
    const open = createPublicKey({ key: Buffer.from(key, 'base64'), type: 'spki', format: 'der' });
    return open.asymmetricKeyType === 'ed25519' ? open : undefined;
  } catch {
    return undefined;
  }
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
