import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CadreError } from '@cadre/core/errors';
import { isKitError, writeAtomic } from '@cadre/kit/files';

/** Ed25519 (RFC 8032), as Node has it from OpenSSL. */
export interface Signature {
  readonly algorithm: 'ed25519';
  /** Public key: SubjectPublicKeyInfo, DER, base64. */
  readonly key: string;
  readonly signature: string;
}

/** How people name a key to each other: the beginning of its SHA-256. */
export function keyIdOf(key: string): string {
  return createHash('sha256').update(Buffer.from(key, 'base64')).digest('hex').slice(0, 32);
}

/** The key of this person, made when there is none. Throws `denied` when others could have read it. */
export async function openSigningKey(
  file: string,
): Promise<{ readonly key: KeyObject; readonly isNew: boolean }> {
  const made = await makeKey(file);
  if (made !== undefined) return { key: made, isNew: true };
  const found = await stat(file);
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    throw new CadreError('denied', `the signing key ${file} can be read by others`, {
      hint: `chmod 600 ${file}; if somebody may have read it, remove it, sign anew and tell whoever trusts it`,
    });
  }
  return { key: createPrivateKey(await readFile(file)), isNew: false };
}

/** Undefined when there is one: of several that make it at once, one does. */
async function makeKey(file: string): Promise<KeyObject | undefined> {
  if ((await stat(file).catch(() => undefined)) !== undefined) return undefined;
  const { privateKey } = generateKeyPairSync('ed25519');
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  try {
    await writeAtomic(file, pem, { mode: 0o600, ifVersion: null });
  } catch (error) {
    if (isKitError(error) && error.code === 'changed_meanwhile') return undefined;
    throw error;
  }
  await chmod(file, 0o600);
  return privateKey;
}

export function publicText(key: KeyObject): string {
  const open = key.type === 'public' ? key : createPublicKey(key);
  return open.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** The text begins with its purpose, so that nothing that was signed for another one can be taken for it. */
export function signText(text: string, key: KeyObject): Signature {
  return {
    algorithm: 'ed25519',
    key: publicText(key),
    signature: sign(null, Buffer.from(text), key).toString('base64'),
  };
}

/** Whether who has the key has signed this text. */
export function isSignedText(text: string, { key, signature }: Signature): boolean {
  const open = openPublicKey(key);
  return open !== undefined && verify(null, Buffer.from(text), open, Buffer.from(signature, 'base64'));
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

/** The public half of a key in a file; undefined when there is none that can be read. */
export function publicKeyOf(file: string): string | undefined {
  try {
    return publicText(createPublicKey(readFileSync(file)));
  } catch {
    return undefined;
  }
}
