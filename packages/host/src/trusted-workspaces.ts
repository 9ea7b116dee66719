import { sha256 } from '@cadre/core/history';
import { z } from 'zod';
import { openPersonalEntries } from './personal-entries.ts';
import type { TrustedWorkspaces } from './ports/trust.ts';

const shape = z.strictObject({
  root: z.string().min(1),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  decision: z.enum(['trusted', 'without']),
  by: z.string(),
  at: z.number(),
});

/** Kept in the person's own folder: nothing that a repository holds can write there. */
export function openTrustedWorkspaces(folder: string): TrustedWorkspaces {
  const decisions = openPersonalEntries(folder, {
    called: 'what you have decided of a repository',
    until: 'it is not trusted',
    parse: (data) => shape.parse(data),
  });
  return {
    list: () => decisions.list(),
    async find(root, digest) {
      const found = await decisions.find(sha256(root));
      return found?.root === root && found.digest === digest ? found : undefined;
    },
    put: (decision) => decisions.put(sha256(decision.root), decision),
    remove: (root) => decisions.remove(sha256(root)),
  };
}
