import type { KeyObject } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { isSignedText, signText } from '../signing/signing-key.ts';
import { type AuditBeginning, parseBeginning } from './audit-beginning.ts';
import type { AuditHead } from './audit-head.ts';

/** A head of the chain, signed: who has not the key cannot write another chain that fits it. */
export interface AuditCheckpoint extends AuditHead {
  readonly workspace: string;
  readonly at: number;
  /** Public key: SubjectPublicKeyInfo, DER, base64. */
  readonly key: string;
  readonly signature: string;
}

export function signCheckpoint(
  head: Pick<AuditCheckpoint, 'workspace' | 'number' | 'hash' | 'at'>,
  key: KeyObject,
): AuditCheckpoint {
  const { key: open, signature } = signText(signedText(head), key);
  return { ...head, key: open, signature };
}

export function isOwnWord(checkpoint: AuditCheckpoint): boolean {
  return isSignedText(signedText(checkpoint), { algorithm: 'ed25519', ...checkpoint });
}

function signedText({ workspace, number, hash, at }: Omit<AuditCheckpoint, 'key' | 'signature'>): string {
  return `cadre audit checkpoint v1\n${workspace}\n${number}\n${hash}\n${at}\n`;
}

/** Appended by one call and flushed, so that processes which write at once mix no lines. */
export function appendWitness(file: string, said: AuditCheckpoint | AuditBeginning): void {
  const handle = openSync(file, 'a', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(said)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** One of the two, or neither. */
export interface ReadWitness {
  readonly line: number;
  readonly checkpoint?: AuditCheckpoint;
  readonly beginning?: AuditBeginning;
}

/** Undefined: there is no such file. A line that is none is told of, apart from the last when it was cut off in a crash. */
export function readCheckpoints(file: string): readonly ReadWitness[] | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const lines = text.split('\n').slice(0, -1);
  return lines.map((one, index) => {
    const [checkpoint, beginning] = [parse(one), parseBeginning(one)];
    return { line: index + 1, ...(checkpoint && { checkpoint }), ...(beginning && { beginning }) };
  });
}

const TAIL = 4_096;

/** The newest one of a workspace, found at the end of its file. */
export function newestCheckpoint(file: string): AuditCheckpoint | undefined {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(handle);
    const bytes = Buffer.alloc(Math.min(TAIL, size));
    readSync(handle, bytes, 0, bytes.length, size - bytes.length);
    return bytes
      .toString('utf8')
      .split('\n')
      .map(parse)
      .findLast((one) => one !== undefined);
  } finally {
    closeSync(handle);
  }
}

function parse(line: string): AuditCheckpoint | undefined {
  try {
    const read = JSON.parse(line) as Partial<AuditCheckpoint> & { readonly kind?: unknown };
    const { kind, workspace, number, hash, at, key, signature } = read;
    // A beginning has all that a checkpoint has, and is none.
    return kind === undefined &&
      typeof workspace === 'string' &&
      Number.isSafeInteger(number) &&
      typeof number === 'number' &&
      typeof hash === 'string' &&
      typeof at === 'number' &&
      typeof key === 'string' &&
      typeof signature === 'string'
      ? { workspace, number, hash, at, key, signature }
      : undefined;
  } catch {
    return undefined;
  }
}
