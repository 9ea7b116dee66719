import type { KeyObject } from 'node:crypto';
import { canonicalJson } from '@cadre/core/history';
import { isSignedText, signText } from '../signing/signing-key.ts';
import type { AuditHead } from './audit-head.ts';

/** Where the records before a beginning went. */
export interface AuditArchive {
  /** Of a file in whatever folder archives are kept. */
  readonly name: string;
  /** SHA-256 of the JSON lines in it, before they were packed. */
  readonly digest: string;
}

/** What a beginning says, before it is signed. `number` and `hash` are of the last record that may go. */
export interface BeginningSaid extends AuditHead {
  readonly workspace: string;
  /** How many go by it. */
  readonly records: number;
  readonly at: number;
  readonly by: string;
  /** The setting by which they were due. */
  readonly rule: string;
  readonly archive?: AuditArchive;
}

/** Signed leave to have no records up to a number: a chain may begin after it. */
export interface AuditBeginning extends BeginningSaid {
  readonly kind: 'beginning';
  /** Public key: SubjectPublicKeyInfo, DER, base64. */
  readonly key: string;
  readonly signature: string;
}

export function signBeginning(said: BeginningSaid, key: KeyObject): AuditBeginning {
  const { key: open, signature } = signText(signedText(said), key);
  return { kind: 'beginning', ...said, key: open, signature };
}

/** Whether who has the key that it names has signed it. */
export function isSignedBeginning(beginning: AuditBeginning): boolean {
  return isSignedText(signedText(beginning), { algorithm: 'ed25519', ...beginning });
}

/** The same as of a checkpoint: nothing that was signed for one can be taken for the other. */
function signedText({ workspace, number, hash, records, at, by, rule, archive }: BeginningSaid): string {
  const said = {
    workspace,
    number,
    hash,
    records,
    at,
    by,
    rule,
    ...(archive && { archive: { ...archive } }),
  };
  return `cadre audit beginning v1\n${canonicalJson(said)}\n`;
}

/** Undefined: the line says something else. */
export function parseBeginning(line: string): AuditBeginning | undefined {
  try {
    const read = JSON.parse(line) as Partial<AuditBeginning>;
    const { kind, workspace, number, hash, records, at, by, rule, archive, key, signature } = read;
    const texts = [workspace, hash, by, rule, key, signature];
    const numbers = [number, records, at];
    const isWhole =
      kind === 'beginning' &&
      texts.every((text) => typeof text === 'string') &&
      numbers.every((one) => Number.isSafeInteger(one)) &&
      (archive === undefined || (typeof archive.name === 'string' && typeof archive.digest === 'string'));
    return isWhole ? (read as AuditBeginning) : undefined;
  } catch {
    return undefined;
  }
}
