import { plainText } from '@cadre/core';
import type { Provenance, Review } from '../../ports/package-facts.ts';

/** Who made the package says so: the signature proves who that was, and not that it is true. */
export function provenanceText({ commit, at, dirty, repository }: Provenance): string {
  const where = repository === undefined ? '' : ` of ${plainText(repository)}`;
  const changed = dirty ? ', with changes that were not committed' : '';
  return `${commit.slice(0, 12)}${where}, ${at.slice(0, 10)}${changed}`;
}

export function reviewText({ keyId, name, points, note, at }: Review): string {
  const who = name === undefined ? `${keyId}, whom you do not trust` : `${plainText(name)} (${keyId})`;
  const said = note === undefined ? '' : `: ${plainText(note)}`;
  return `${who}, ${new Date(at).toISOString().slice(0, 10)}, for ${points.map(plainText).join(', ')}${said}`;
}
