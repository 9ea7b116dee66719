import type { RunState } from '@cadre/core';
import type { Schedule } from './schedule.ts';

/** The runs that are not over, and what each goes on with. */
export function whatIsOpen(open: readonly [string, RunState][], schedule: Schedule): string {
  const each = open.map(([run, { status, workflow, running, waiting, retrying, pausing }]) => {
    const sets = { running, waiting, retrying, pausing };
    const named = Object.entries(sets).flatMap(([name, set]) =>
      set.size === 0 ? [] : [`${name} ${[...set].join(', ')}`],
    );
    return `${run} (${workflow}, ${status}; ${named.join('; ') || 'nothing goes on'})`;
  });
  return `${each.join(' · ')}, at ${schedule.now()}, with ${schedule.ready()} things under way`;
}
