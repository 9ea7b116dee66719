import { publicKeyOf } from '../signing/signing-key.ts';
import { type AuditBeginning, isSignedBeginning } from './audit-beginning.ts';
import { isOwnWord, readCheckpoints } from './audit-checkpoint.ts';
import type { AuditEvidence } from './audit-evidence.ts';
import { readAuditHead } from './audit-head.ts';
import { type KnownBeginning, trustedBeginnings } from './known-beginnings.ts';

/** Something outside of the chain that knows the hash of one of its records. */
export interface Witness {
  readonly number: number;
  readonly hash: string;
  /** How people call it: `the head beside the store`. */
  readonly name: string;
  /** `beginning`: one in the store, by whatever key. */
  readonly kind: 'head' | 'checkpoint' | 'anchor' | 'beginning';
  readonly at?: number;
}

export interface BadWitness {
  readonly number: number;
  readonly message: string;
}

/**
 * All that is known of the chain besides itself. A line of the own file that is not signed by the own key is bad. The anchor may hold
 * lines of other installations, and of a key that was there before: what it says of the chain counts, whoever has signed it.
 */
export function readWitnesses(evidence: AuditEvidence): {
  readonly witnesses: readonly Witness[];
  readonly beginnings: readonly KnownBeginning[];
  readonly bad: readonly BadWitness[];
} {
  const { workspace, headFile, checkpointFile, keyFile, anchor } = evidence;
  const head = readAuditHead(headFile);
  const own = readCheckpoints(checkpointFile) ?? [];
  const anchored = anchor === undefined ? [] : readCheckpoints(anchor);
  const bad: BadWitness[] = [];
  const beginnings: KnownBeginning[] = [];
  const isTrusted = trustedBeginnings(evidence);
  const witnesses: Witness[] =
    head === undefined ? [] : [{ ...head, name: 'the head beside the store', kind: 'head' }];
  const take = (
    lines: typeof own,
    file: string,
    kind: Witness['kind'],
    isForeign: (key: string) => boolean,
  ) => {
    for (const { line, checkpoint, beginning } of lines) {
      const place = `line ${line} of ${file}`;
      const said = checkpoint ?? beginning;
      if (said === undefined) bad.push({ number: 0, message: `${place} is no checkpoint` });
      else if (said.workspace !== workspace) continue;
      else if (!(checkpoint ? isOwnWord(checkpoint) : isSigned(beginning)) || isForeign(said.key)) {
        bad.push({
          number: said.number,
          message: `${place}, which speaks of record ${said.number}, is not signed by the key of this installation`,
        });
      } else {
        const { number, hash, at } = said;
        witnesses.push({ number, hash, at, name: place, kind });
        if (beginning !== undefined)
          beginnings.push({ ...beginning, place, isTrusted: isTrusted(beginning) });
      }
    }
  };
  const key = own.length === 0 ? undefined : publicKeyOf(keyFile);
  take(own, checkpointFile, 'checkpoint', (one) => one !== key);
  if (anchored === undefined) {
    const last = witnesses.findLast(({ kind }) => kind === 'checkpoint');
    if (last !== undefined) bad.push({ number: last.number, message: `the anchor ${anchor} is not there` });
  } else take(anchored, anchor ?? '', 'anchor', () => false);
  return { witnesses, beginnings, bad };
}

function isSigned(beginning: AuditBeginning | undefined): boolean {
  return beginning !== undefined && isSignedBeginning(beginning);
}
