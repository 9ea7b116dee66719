import { publicKeyOf } from '../signing/signing-key.ts';
import { type AuditCheckpoint, isOwnWord, readCheckpoints } from './audit-checkpoint.ts';
import type { AuditEvidence } from './audit-evidence.ts';
import { readAuditHead } from './audit-head.ts';

/** Something outside of the chain that knows the hash of one of its records. */
export interface Witness {
  readonly number: number;
  readonly hash: string;
  /** How people call it: `the head beside the store`. */
  readonly name: string;
  readonly kind: 'head' | 'checkpoint' | 'anchor';
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
  readonly bad: readonly BadWitness[];
} {
  const { workspace, headFile, checkpointFile, keyFile, anchor } = evidence;
  const head = readAuditHead(headFile);
  const own = readCheckpoints(checkpointFile) ?? [];
  const anchored = anchor === undefined ? [] : readCheckpoints(anchor);
  const bad: BadWitness[] = [];
  const witnesses: Witness[] =
    head === undefined ? [] : [{ ...head, name: 'the head beside the store', kind: 'head' }];
  const take = (
    lines: typeof own,
    file: string,
    kind: Witness['kind'],
    isForeign: (checkpoint: AuditCheckpoint) => boolean,
  ) => {
    for (const { line, checkpoint } of lines) {
      const place = `line ${line} of ${file}`;
      if (checkpoint === undefined) bad.push({ number: 0, message: `${place} is no checkpoint` });
      else if (checkpoint.workspace !== workspace) continue;
      else if (!isOwnWord(checkpoint) || isForeign(checkpoint)) {
        bad.push({
          number: checkpoint.number,
          message: `${place}, which speaks of record ${checkpoint.number}, is not signed by the key of this installation`,
        });
      } else witnesses.push({ ...checkpoint, name: place, kind });
    }
  };
  const key = own.length === 0 ? undefined : publicKeyOf(keyFile);
  take(own, checkpointFile, 'checkpoint', (one) => one.key !== key);
  if (anchored === undefined) {
    const last = witnesses.findLast(({ kind }) => kind === 'checkpoint');
    if (last !== undefined) bad.push({ number: last.number, message: `the anchor ${anchor} is not there` });
  } else take(anchored, anchor ?? '', 'anchor', () => false);
  return { witnesses, bad };
}
