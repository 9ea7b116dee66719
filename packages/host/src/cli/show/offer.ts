import { parsePermission, permissionSentence, plainText } from '@cadre/core';
import type { Manifest } from '@cadre/sdk';
import type { Offer } from '../../ports/packages.ts';
import type { Output } from '../output.ts';
import { provenanceText, reviewText } from './provenance.ts';

/** All that a person has to know before a package may do anything. Words of its author are shown as they are, not as they act. */
export function printOffer(
  { manifest, digest, signer, before, difference, reasons, provenance, reviews }: Offer,
  output: Output,
): void {
  const { colours } = output;
  const fact = (name: string, text: string) =>
    output.line(`  ${colours.dim(name.padEnd(9))} ${plainText(text)}`);
  output.line(
    `${colours.bold(`${manifest.id} ${manifest.version}`)}  ${plainText(manifest.description ?? '')}`,
  );
  fact('content', digest);
  fact('signed by', SIGNED[signer.kind](signer as never));
  if (provenance !== undefined) fact('made from', provenanceText(provenance));
  for (const review of reviews) fact('reviewed', reviewText(review));
  fact('licence', manifest.licence ?? 'none is named');
  if (manifest.author !== undefined) fact('author', manifest.author);
  output.line('\nIt wants to');
  for (const sentence of sentences(manifest)) output.line(`  ${sentence}`);
  output.line('\nIts actions');
  for (const { name, effects } of manifest.actions) {
    output.line(`  ${manifest.id}/${name}  ${colours.dim(effects.join(', '))}`);
  }
  if (before !== undefined && difference !== undefined) {
    output.line(`\nChanged since ${before.version}`);
    if (difference.changes.length === 0) output.line('  nothing that its description tells');
    for (const { step, action, says } of difference.changes) {
      output.line(`  ${step.padEnd(6)} ${action === undefined ? '' : `${action} `}${plainText(says)}`);
    }
  }
  output.line(`\nAsked because ${reasons.map(plainText).join('; ')}.`);
}

type Signer = Offer['signer'];

const SIGNED: { readonly [Kind in Signer['kind']]: (signer: Extract<Signer, { kind: Kind }>) => string } = {
  nobody: () => 'nobody: it may have been changed on its way',
  stranger: ({ keyId }) => `${keyId}, whom you do not trust yet`,
  trusted: ({ name, keyId }) => `${name} (${keyId})`,
};

function sentences(manifest: Manifest): readonly string[] {
  if (manifest.permissions.length === 0) return ['nothing outside of itself'];
  return manifest.permissions.map((text) => {
    const parsed = parsePermission(text);
    return parsed.ok ? permissionSentence(manifest.id, parsed.permission) : plainText(text);
  });
}
