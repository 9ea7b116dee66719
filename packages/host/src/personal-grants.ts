import { openPersonalEntries } from './personal-entries.ts';
import type { Grant, GrantStore } from './ports/grant-store.ts';

/**
 * The grants of a workspace, and those that its person has given for all of theirs. The latter lie in the person's own folder: a
 * workspace's store may be shared with others, or be named by a repository.
 */
export function withPersonalGrants(ofWorkspace: GrantStore, folder: string): GrantStore {
  const everywhere = openPersonalEntries<Grant>(folder, {
    called: 'a grant of your own',
    until: 'no call is allowed that looks for one',
    parse(data) {
      if (isGrant(data)) return data;
      throw new Error('this is no grant');
    },
  });
  return {
    put: (grant) => (grant.everywhere === true ? everywhere.put(grant.id, grant) : ofWorkspace.put(grant)),
    async list(now) {
      const [here, own] = await Promise.all([ofWorkspace.list(now), everywhere.list()]);
      // What stands in a store is for its workspace alone, whatever it says of itself.
      const narrowed = here.map(({ everywhere: _, ...grant }) => grant);
      return [...narrowed, ...own.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now)];
    },
    revoke: async (id) => (await ofWorkspace.revoke(id)) || (await everywhere.remove(id)),
  };
}

function isGrant(value: unknown): value is Grant {
  const { id, principal, worker, manifestHash, permission, decision } = (value ?? {}) as Partial<Grant>;
  return (
    [id, principal, worker, manifestHash, permission].every((one) => typeof one === 'string') &&
    (decision === 'allow' || decision === 'deny')
  );
}
