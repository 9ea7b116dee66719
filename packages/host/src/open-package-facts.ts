import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CadreError } from '@cadre/core';
import { systemFault } from '@cadre/kit/files';
import type { InstalledWorker } from './ports/action-runner.ts';
import type { Clock } from './ports/clock.ts';
import type { PackageFacts, Review } from './ports/package-facts.ts';
import type { TrustedSigners } from './ports/packages.ts';
import { licencesOf } from './workers/packaging/licences-of.ts';
import { digestOf } from './workers/packaging/package-index.ts';
import { readPackageIndex } from './workers/packaging/read-package-index.ts';
import { addReview, REVIEWS, signReview } from './workers/packaging/review-statement.ts';
import { reviewsBeside } from './workers/packaging/reviews-beside.ts';
import { keyIdOf, type openSigningKey, publicText } from './workers/packaging/signing-key.ts';
import { unpackArchive } from './workers/packaging/unpack-archive.ts';
import { validatePackage } from './workers/packaging/validate-package.ts';

interface Options {
  /** Folder of the packages that are installed. */
  readonly packages: string;
  readonly workers: { list(): readonly InstalledWorker[] };
  readonly signers: TrustedSigners;
  readonly openKey: () => ReturnType<typeof openSigningKey>;
  readonly ownKeyId: () => Promise<string | undefined>;
  readonly clock: Pick<Clock, 'now'>;
}

export function openPackageFacts(options: Options): PackageFacts {
  const { packages, workers, signers, openKey, ownKeyId, clock } = options;

  async function reviewsOf(archive: string, digest: string, id: string): Promise<readonly Review[]> {
    return reviewsBeside(archive, digest, id, { signers, ownKeyId: await ownKeyId() });
  }

  return {
    async inspect(archive) {
      const folder = await mkdtemp(join(tmpdir(), 'cadre-inspect-'));
      try {
        const { index, digest } = await unpackArchive(archive, folder);
        const { id, version, provenance } = index;
        const { problems } = await validatePackage(folder);
        const reviews = await reviewsOf(archive, digest, id);
        return {
          id,
          version,
          digest,
          problems,
          reviews,
          ...(provenance === undefined ? {} : { provenance }),
        };
      } catch (error) {
        throw systemFault(error, `cannot read ${archive}`);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async signReview(archive, { digest, points, note }) {
      const index = await readPackageIndex(archive);
      if (digestOf(index) !== digest) {
        throw new CadreError('changed_meanwhile', `${archive} is not what was looked at`, {
          hint: 'look at it anew: cadre worker review',
        });
      }
      const { id, version } = index;
      const { key } = await openKey();
      const said = { id, version, digest, points, at: clock.now(), ...(note === undefined ? {} : { note }) };
      const file = `${archive}${REVIEWS}`;
      await addReview(file, signReview(said, key));
      return { file, keyId: keyIdOf(publicText(key)) };
    },
    async about(id, version) {
      const archive = join(packages, `${id}@${version}.tgz`);
      // It is needed to hand it on alone, so somebody may have removed it.
      if (!existsSync(archive)) return { reviews: [] };
      const index = await readPackageIndex(archive);
      const reviews = await reviewsOf(archive, digestOf(index), id);
      return { reviews, ...(index.provenance === undefined ? {} : { provenance: index.provenance }) };
    },
    async licences() {
      const others = workers.list().filter(({ builtIn }) => !builtIn);
      return Promise.all(
        others.map(async ({ folder, manifest: { id, version, licence } }) => ({
          worker: id,
          version,
          ...(licence === undefined ? {} : { licence }),
          packages: await licencesOf(folder),
        })),
      );
    },
  };
}
