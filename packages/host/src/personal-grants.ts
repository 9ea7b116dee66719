import { openPersonalList } from './personal-list.ts';
import type { Grant, GrantStore } from './ports/grant-store.ts';

/**
 * The grants of a workspace, and those that its person has given for all of theirs. The latter lie in the person's own folder: a
 * workspace's store may be shared with others, or be named by a repository.
 */
export function withPersonalGrants(ofWorkspace: GrantStore, file: string): GrantStore {
  const everywhere = openPersonalList<Grant>(file, {
    called: 'the list of your own grants',
    until: 'no call is allowed that looks for one',
    parse: (data) => {
      if (Array.isArray(data) && data.every(isGrant)) return data;
      throw new Error('this is no list of grants');
    },
  });
  return {
    put: async (grant) => {
      if (grant.everywhere !== true) return ofWorkspace.put(grant);
      await everywhere.change((all) => [...all.filter(({ id }) => id !== grant.id), grant]);
    },
    async list(now) {
      const [here, own] = await Promise.all([ofWorkspace.list(now), everywhere.read()]);
      // What stands in a store is for its workspace alone, whatever it says of itself.
      const narrowed = here.map(({ everywhere: _, ...grant }) => grant);
      return [...narrowed, ...own.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now)];
    },
    async revoke(id) {
      if (await ofWorkspace.revoke(id)) return true;
      if (!(await everywhere.read()).some((one) => one.id === id)) return false;
      await everywhere.change((all) => all.filter((one) => one.id !== id));
      return true;
    },
  };
}

function isGrant(value: unknown): value is Grant {
  const { id, principal, worker, manifestHash, permission, decision } = (value ?? {}) as Partial<Grant>;
  return (
    [id, principal, worker, manifestHash, permission].every((one) => typeof one === 'string') &&
    (decision === 'allow' || decision === 'deny')
  );
}
