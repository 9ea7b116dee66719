import { callSentence, parsePermission, permissionSentence, plainText } from '@cadre/core';
import { bytes as bytesText } from '@cadre/kit/format';
import type { Manifest } from '@cadre/sdk';
import type { Offer, SkillOffer, WorkerOffer } from '../../ports/packages.ts';
import type { Output } from '../output.ts';
import { provenanceText, reviewText } from './provenance.ts';
import { printSkillNeeds } from './skill-needs.ts';

/** All that a person has to know before a package may do anything. Words of its author are shown as they are, not as they act. */
export function printOffer(offer: Offer, output: Output): void {
  const { id, version, digest, signer, before, difference, reasons, provenance, reviews } = offer;
  const { licence, author, description } = offer.kind === 'worker' ? offer.manifest : offer.skill;
  const { colours } = output;
  const fact = (name: string, text: string) =>
    output.line(`  ${colours.dim(name.padEnd(9))} ${plainText(text)}`);
  output.line(`${colours.bold(`${id} ${version}`)}  ${plainText(description ?? '')}`);
  fact('content', digest);
  fact('signed by', SIGNED[signer.kind](signer as never));
  if (provenance !== undefined) fact('made from', provenanceText(provenance));
  for (const review of reviews) fact('reviewed', reviewText(review));
  fact('licence', licence ?? 'none is named');
  if (author !== undefined) fact('author', author);
  if (offer.kind === 'worker') printWorker(offer, output);
  else printSkill(offer, output);
  if (before !== undefined && difference !== undefined) {
    output.line(`\nChanged since ${before}`);
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

function printWorker({ manifest, requires }: WorkerOffer, output: Output): void {
  output.line('\nIt wants to');
  for (const sentence of sentences(manifest)) output.line(`  ${sentence}`);
  output.line('\nIts actions');
  for (const { name, effects } of manifest.actions) {
    output.line(`  ${manifest.id}/${name}  ${output.colours.dim(effects.join(', '))}`);
  }
  if (requires.length === 0) return;
  output.line('\nIt requires');
  for (const { kind, id, range, optional } of requires)
    output.line(
      `  the ${kind} ${id} ${plainText(range)}${optional === true ? output.colours.dim(' where it is there') : ''}`,
    );
}

function printSkill({ skill, files, scripts }: SkillOffer, output: Output): void {
  printSkillNeeds(skill, { files, scripts }, output);
  const lines = skill.instructions.split('\n');
  const size = bytesText(Buffer.byteLength(skill.instructions));
  output.line(`\nIt tells a bot, in ${size}`);
  for (const line of lines) output.line(`  ${output.colours.dim('│')} ${plainText(line)}`);
}

function sentences(manifest: Manifest): readonly string[] {
  const permissions = manifest.permissions.map((text) => {
    const parsed = parsePermission(text);
    return parsed.ok ? permissionSentence(manifest.id, parsed.permission) : plainText(text);
  });
  const calls = [...new Set(manifest.actions.flatMap(({ calls = [] }) => calls))];
  const all = [
    ...permissions,
    ...calls.map((call) => `${callSentence(manifest.id, call)}, with no more than it may itself`),
  ];
  return all.length === 0 ? ['nothing outside of itself'] : all;
}
