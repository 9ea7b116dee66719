import { diffManifests, diffSkills, type ManifestDifference, scriptsOf } from '@cadre/core';
import { major, rcompare } from 'semver';
import type { LockedPackage, Offer, SignedBy, TrustedSigners } from '../../ports/packages.ts';
import type { Described } from './describe-package.ts';
import { reviewsBeside } from './reviews-beside.ts';
import type { Unpacked } from './unpack-archive.ts';

interface About {
  readonly present: readonly Described[];
  readonly signers: TrustedSigners;
  readonly ownKeyId?: string | undefined;
  /** Just this content is wanted: somebody has agreed to it for this workspace before. */
  readonly expected?: LockedPackage;
}

/** What a person decides upon, and why they are asked at all. */
export async function makeOffer(
  described: Described,
  {
    digest,
    signer,
    index: { provenance },
    archive,
  }: Pick<Unpacked, 'digest' | 'signer' | 'index'> & { readonly archive: string },
  locked: readonly LockedPackage[],
  about: About,
): Promise<Offer> {
  const { kind, id, version, requires } = described;
  const before = nearestBefore(described, about.present);
  const difference = before === undefined ? undefined : diffDescribed(before, described);
  const named = kind === 'worker' ? id : `skill:${id}`;
  const signedBy = await signedByOf(signer, named, about);
  const former = locked.find((one) => one.kind === kind && one.id === id && one.version === before?.version);
  const common = {
    id,
    version,
    requires,
    digest,
    signer: signedBy,
    before: before?.version,
    difference,
    ...(provenance === undefined ? {} : { provenance }),
    reviews: await reviewsBeside(archive, digest, named, about),
    reasons: [
      ...(before === undefined && !(about.expected !== undefined && signedBy.kind === 'trusted')
        ? ['it is new here']
        : []),
      ...(signedBy.kind === 'nobody' ? ['nobody has signed it'] : []),
      ...(signedBy.kind === 'stranger'
        ? [`it is signed by ${signedBy.keyId}, whom you do not trust yet`]
        : []),
      ...(former?.signer !== undefined && former.signer !== signer?.keyId
        ? [`version ${former.version} was signed by ${former.signer}`]
        : []),
      ...((difference?.wider.length ?? 0) > 0 ? ['it wants to do more than the version before'] : []),
      ...(difference?.isHonest === false ? ['its version hides how much it changed'] : []),
    ],
  };
  if (described.kind === 'worker') return { kind: 'worker', ...common, manifest: described.manifest };
  const { content } = described;
  const files = content.files.map(({ path }) => path).filter((path) => path !== 'SKILL.md');
  return { kind: 'skill', ...common, skill: content.skill, files, scripts: scriptsOf(content) };
}

/** Undefined: they are two kinds of things. */
export function diffDescribed(before: Described, after: Described): ManifestDifference | undefined {
  if (before.kind === 'worker' && after.kind === 'worker')
    return diffManifests(before.manifest, after.manifest);
  if (before.kind === 'skill' && after.kind === 'skill') return diffSkills(before.content, after.content);
  return undefined;
}

async function signedByOf(
  signer: Unpacked['signer'],
  named: string,
  { signers, ownKeyId }: Pick<About, 'signers' | 'ownKeyId'>,
): Promise<SignedBy> {
  if (signer === undefined) return { kind: 'nobody' };
  const { keyId } = signer;
  if (keyId === ownKeyId) return { kind: 'trusted', keyId, name: 'you' };
  const trusted = await signers.find(keyId, named);
  return trusted === undefined
    ? { kind: 'stranger', ...signer }
    : { kind: 'trusted', keyId, name: trusted.name };
}

/** The newest of its own major version, else the newest of all. */
function nearestBefore(
  { kind, id, version }: Described,
  present: readonly Described[],
): Described | undefined {
  const sorted = present
    .filter((one) => one.kind === kind && one.id === id)
    .sort((a, b) => rcompare(a.version, b.version));
  return sorted.find((one) => major(one.version) === major(version)) ?? sorted[0];
}
