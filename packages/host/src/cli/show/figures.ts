import { duration } from '@cadre/kit/format';
import type { ProcessFigures } from '../../ports/figures.ts';
import type { PlacedShard } from '../../ports/sharded-work.ts';
import type { Output } from '../output.ts';
import { printTable } from './table.ts';

/** What the processes of the workspace do now, as far as they do anything. */
export function printFigures(
  processes: readonly ProcessFigures[],
  shards: readonly PlacedShard[],
  now: number,
  output: Output,
): void {
  const age = (oldest: number | undefined) =>
    oldest === undefined ? '' : duration(Math.max(0, now - oldest));
  const name = ({ host, pid }: ProcessFigures) => `${pid} on ${host}`;
  const pools = processes.flatMap((one) =>
    one.pools.map(
      ({ worker, processes: all, idle, calls, waiting, oldest, lastMinute, failed, restarts }) => [
        worker,
        name(one),
        `${all} (${idle} idle)`,
        String(calls),
        `${waiting.high} / ${waiting.normal} / ${waiting.low}`,
        age(oldest),
        String(lastMinute),
        String(failed),
        String(restarts),
      ],
    ),
  );
  if (pools.length > 0) output.line();
  printTable(
    [
      'worker',
      'in process?',
      'processes',
      'calls',
      'waiting',
      'oldest?',
      'in 1 min?',
      'failed?',
      'restarts?',
    ],
    pools,
    output,
  );
  const live = (place: string, className: string) =>
    shards.filter((shard) => shard.place === place && shard.class === className).length || '';
  const classes = processes.flatMap((one) =>
    one.classes.map(({ class: className, places, taken, waiting, oldest, lastMinute }) => [
      className,
      name(one),
      `${taken} of ${places}`,
      String(waiting),
      age(oldest),
      String(lastMinute),
      String(live(one.process, className)),
    ]),
  );
  if (classes.length > 0) output.line();
  printTable(
    ['class', 'in process?', 'places', 'waiting', 'oldest?', 'in 1 min?', 'shards?'],
    classes,
    output,
  );
  for (const { edge, pid, host } of processes) {
    if (edge?.overloaded === undefined) continue;
    output.line(`\nprocess ${pid} on ${host} refuses new work: ${edge.overloaded}`);
  }
}
