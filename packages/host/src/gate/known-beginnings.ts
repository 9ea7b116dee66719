import type { StoredBeginning } from '../ports/audit-removal.ts';
import { keyIdOf, publicKeyOf } from '../signing/signing-key.ts';
import { type AuditBeginning, isSignedBeginning, parseBeginning } from './audit-beginning.ts';
import type { AuditEvidence } from './audit-evidence.ts';
import type { BadWitness } from './audit-witnesses.ts';

export interface KnownBeginning extends AuditBeginning {
  readonly place: string;
  /** Signed by this installation, or by one whose word counts. Without evidence every signature does. */
  readonly isTrusted: boolean;
}

/** Whose beginnings count: own ones, and those of keys that the person has named. */
export function trustedBeginnings(
  evidence: AuditEvidence | undefined,
): (beginning: AuditBeginning) => boolean {
  if (evidence === undefined) return () => true;
  const own = publicKeyOf(evidence.keyFile);
  const others = new Set(evidence.keys);
  return ({ key }) => key === own || others.has(keyIdOf(key));
}

/** Those that travel with the store. One that says something else than it was signed for is bad. */
export function readStoredBeginnings(
  stored: readonly StoredBeginning[],
  isTrusted: (beginning: AuditBeginning) => boolean,
): { readonly beginnings: readonly KnownBeginning[]; readonly bad: readonly BadWitness[] } {
  const beginnings: KnownBeginning[] = [];
  const bad: BadWitness[] = [];
  for (const { number, hash, statement } of stored) {
    const beginning = parseBeginning(statement);
    const says = beginning?.number === number && beginning.hash === hash;
    if (beginning === undefined || !says || !isSignedBeginning(beginning)) {
      const message = `the beginning after record ${number} in the store was signed by nobody`;
      bad.push({ number, message });
    } else beginnings.push({ ...beginning, place: 'the store', isTrusted: isTrusted(beginning) });
  }
  return { beginnings, bad };
}
