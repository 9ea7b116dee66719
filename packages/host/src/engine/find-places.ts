import type { Claim } from '../ports/dispatch.ts';
import type { ShardedWork } from '../ports/sharded-work.ts';
import { assignmentOf } from './assignment.ts';
import type { Task } from './claim-here.ts';

type Sharded<T> = T & { readonly shard: string };

const isSharded = <T extends { readonly shard?: string }>(each: T): each is Sharded<T> =>
  each.shard !== undefined;

/** What has a shard gets the place in which that lives; for everything else nobody is asked. */
export async function findPlaces(
  tasks: readonly Task[],
  shards: Pick<ShardedWork, 'assign'>,
): Promise<readonly Task[]> {
  const sharded = tasks.filter(isSharded);
  if (sharded.length === 0) return tasks;
  const places = await shards.assign(sharded.map(({ class: name, shard }) => ({ class: name, shard })));
  const found = new Map(sharded.map((task, index) => [task.id, places[index]]));
  return tasks.map((task) => {
    const place = found.get(task.id);
    return place === undefined ? task : { ...task, place };
  });
}

/**
 * Of what was taken from the queue of its class, what is to be done in this place; the rest is passed on to its own. It stood
 * there because nobody was there when it was handed in, or its place is gone.
 */
export async function passOn(
  claims: readonly Claim[],
  self: string,
  shards: Pick<ShardedWork, 'assign' | 'pass'>,
): Promise<readonly Claim[]> {
  const sharded = claims.map((claim) => ({ claim, ...shardOf(claim) })).filter(isSharded);
  if (sharded.length === 0) return claims;
  const places = await shards.assign(sharded.map(({ claim, shard }) => ({ class: claim.class, shard })));
  const elsewhere = sharded.flatMap(({ claim }, index) => {
    const place = places[index];
    return place === undefined || place === self ? [] : [{ claim, place }];
  });
  if (elsewhere.length === 0) return claims;
  await shards.pass(elsewhere);
  const passed = new Set(elsewhere.map(({ claim }) => claim));
  return claims.filter((claim) => !passed.has(claim));
}

/** Of a claim that somebody died over only the death is told, which anybody can do. */
function shardOf(claim: Claim): { readonly shard?: string } {
  const assignment = assignmentOf(claim);
  return claim.deaths === 0 && assignment.task === 'perform' && assignment.command.shard !== undefined
    ? { shard: assignment.command.shard }
    : {};
}
