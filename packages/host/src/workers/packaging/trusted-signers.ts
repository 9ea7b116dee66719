import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CadreError, globCovers, once } from '@cadre/core';
import { writeAtomic } from '@cadre/kit/files';
import { z } from 'zod';
import type { TrustedSigner, TrustedSigners } from '../../ports/packages.ts';
import { isPublicKey, keyIdOf } from './signing-key.ts';

const shape = once(() =>
  z.array(
    z.strictObject({
      keyId: z.string(),
      key: z.base64(),
      name: z.string().min(1),
      workers: z.array(z.string().min(1)).min(1),
      since: z.number(),
    }),
  ),
);

export function openTrustedSigners(file: string): TrustedSigners {
  async function read(): Promise<{
    readonly text: string | undefined;
    readonly signers: readonly TrustedSigner[];
  }> {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return { text, signers: [] };
    try {
      const signers = shape().parse(JSON.parse(text));
      // What somebody wrote by hand has to name the key that it holds.
      for (const { keyId, key, name } of signers) {
        if (keyIdOf(key) !== keyId) throw new Error(`the key of ${name} is not ${keyId}`);
      }
      return { text, signers };
    } catch (cause) {
      throw new CadreError('config_corrupt', `the list of trusted signers ${file} cannot be read`, {
        hint: 'mend or remove it; until then nothing is trusted and nothing is installed',
        cause,
      });
    }
  }

  async function write(signers: readonly TrustedSigner[]): Promise<void> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeAtomic(file, `${JSON.stringify(signers, undefined, 2)}\n`, { mode: 0o600 });
  }

  return {
    list: async () => (await read()).signers,
    find: async (keyId, named) =>
      (await read()).signers.find(
        (signer) => signer.keyId === keyId && signer.workers.some((glob) => globCovers(glob, named)),
      ),
    async add(given) {
      if (!isPublicKey(given.key)) {
        throw new CadreError('invalid_input', 'this is no public key that packages are signed with', {
          hint: 'take it as `cadre worker key` shows it to its owner',
        });
      }
      const signer = { ...given, keyId: keyIdOf(given.key) };
      const others = (await read()).signers.filter(({ keyId }) => keyId !== signer.keyId);
      const same = others.find(({ name }) => name === signer.name);
      if (same !== undefined) {
        throw new CadreError('exists', `${signer.name} is the name of another signer, ${same.keyId}`, {
          hint: 'give this one another name, or remove that one first',
        });
      }
      await write([...others, signer]);
      return signer;
    },
    async remove(named) {
      const { signers } = await read();
      const found = signers.find(({ keyId, name }) => keyId === named || name === named);
      if (found === undefined) {
        throw new CadreError('not_found', `no signer ${named} is trusted`, {
          hint: 'cadre worker trust list',
        });
      }
      await write(signers.filter((one) => one !== found));
      return found;
    },
  };
}
