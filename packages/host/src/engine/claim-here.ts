import type { Claim, Job } from '../ports/dispatch.ts';
import { type Assignment, briefDataOf, dataOf } from './assignment.ts';

/** A job before it is known who does it. */
export interface Task extends Omit<Job, 'data' | 'direct'> {
  readonly assignment: Assignment;
  readonly shard?: string;
}

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
 * What this process has a place for, and what lives nowhere else, is handed in as claimed by it: nobody has to look for it, and it is begun with the
 * answer to the append.
 */
export function claimHere(tasks: readonly Task[], reserve: Reserve, self: string): ClaimedHere {
  if (tasks.length === 0) return NOTHING;
  const taken: { readonly claim: Claim; readonly place: Reserved }[] = [];
  const jobs = tasks.map(({ assignment, shard: _, ...wanted }): Job => {
    const { place, ...task } = wanted;
    const here = place === undefined || place === self ? reserve(task.class) : undefined;
    if (here === undefined) return { ...wanted, data: dataOf(assignment) };
    const data = briefDataOf(assignment);
    taken.push({ claim: { id: task.id, class: task.class, deaths: 0, data, direct: true }, place: here });
    return { ...task, data, direct: true };
  });
  return {
    jobs,
    begin() {
      for (const { claim, place } of taken) place.begin(claim);
    },
    giveBack() {
      for (const { place } of taken) place.giveBack();
    },
  };
}
