import { z } from 'zod';
import { openPersonalList } from './personal-list.ts';
import type { TrustedWorkspaces } from './ports/trust.ts';

const shape = z.array(
  z.strictObject({
    root: z.string().min(1),
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    decision: z.enum(['trusted', 'without']),
    by: z.string(),
    at: z.number(),
  }),
);

/** Kept in the person's own folder: nothing that a repository holds can write there. */
export function openTrustedWorkspaces(file: string): TrustedWorkspaces {
  const decisions = openPersonalList(file, {
    called: 'the list of trusted workspaces',
    until: 'no repository is trusted',
    parse: (data) => shape.parse(data),
  });
  return {
    list: () => decisions.read(),
    find: async (root, digest) =>
      (await decisions.read()).find((one) => one.root === root && one.digest === digest),
    async put(decision) {
      await decisions.change((all) => [...all.filter(({ root }) => root !== decision.root), decision]);
    },
    async remove(root) {
      const before = await decisions.change((all) => all.filter((one) => one.root !== root));
      return before.some((one) => one.root === root);
    },
  };
}
