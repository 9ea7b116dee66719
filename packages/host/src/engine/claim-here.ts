import type { Claim, Job } from '../ports/dispatch.ts';

/** A place of this process that waits for a claim: `begin` does the work in it, `giveBack` leaves it to others. */
export interface Reserved {
  begin(claim: Claim): void;
  giveBack(): void;
}

/** A place for work of this class, if this process does such work and none waits before it. */
export type Reserve = (className: string) => Reserved | undefined;

export interface ClaimedHere {
  /** As they are to be handed in. */
  readonly jobs: readonly Job[];
  /** They were handed in, and are begun here. */
  begin(): void;
  /** They were not. */
  giveBack(): void;
}

const NOTHING: ClaimedHere = { jobs: [], begin: () => undefined, giveBack: () => undefined };

/**
 * What this process has a place for is handed in as claimed by it: nobody has to look for it, and it is begun with the
 * answer to the append.
 */
export function claimHere(jobs: readonly Job[], reserve: Reserve): ClaimedHere {
  if (jobs.length === 0) return NOTHING;
  const taken: { readonly claim: Claim; readonly place: Reserved }[] = [];
  const handedIn = jobs.map((job) => {
    const place = reserve(job.class);
    if (place === undefined) return job;
    const { id, class: className, data } = job;
    taken.push({ claim: { id, class: className, deaths: 0, data, direct: true }, place });
    return { ...job, direct: true as const };
  });
  return {
    jobs: handedIn,
    begin() {
      for (const { claim, place } of taken) place.begin(claim);
    },
    giveBack() {
      for (const { place } of taken) place.giveBack();
    },
  };
}
