import { copyFile, rm } from 'node:fs/promises';
import type { Review } from '../../ports/package-facts.ts';
import type { TrustedSigners } from '../../ports/packages.ts';
import { REVIEWS, readReviews } from './review-statement.ts';
import { keyIdOf } from './signing-key.ts';

/** Those whom a person trusts, and the person. */
interface Known {
  readonly signers: TrustedSigners;
  readonly ownKeyId?: string | undefined;
}

/** Who has signed that they have looked at this content of the package, in the file beside it. */
export async function reviewsBeside(
  archive: string,
  digest: string,
  worker: string,
  { signers, ownKeyId }: Known,
): Promise<readonly Review[]> {
  const reviews: Review[] = [];
  for (const { key, points, note, at } of await readReviews(`${archive}${REVIEWS}`, digest)) {
    const keyId = keyIdOf(key);
    const name = keyId === ownKeyId ? 'you' : (await signers.find(keyId, worker))?.name;
    reviews.push({
      keyId,
      points,
      at,
      ...(name === undefined ? {} : { name }),
      ...(note === undefined ? {} : { note }),
    });
  }
  return reviews;
}

/** Beside the package where it is kept, so that it can be shown and handed on. */
export async function keepReviews(archive: string, place: string, reviews: readonly Review[]): Promise<void> {
  if (reviews.length === 0) await rm(`${place}.tgz${REVIEWS}`, { force: true });
  else await copyFile(`${archive}${REVIEWS}`, `${place}.tgz${REVIEWS}`);
}
