import { CadreError } from '@cadre/core/history';
import type { Records } from '../../app.ts';

const LOOKED_AT = 200;

/** A run by its id, the beginning of its id, or `last`. Runs inside others have their id, a dot and a number. */
export async function resolveRun(records: Records, named = 'last'): Promise<string> {
  const { runs } = await records.engine.list({ limit: LOOKED_AT });
  const outer = runs.filter((run) => !run.id.includes('.'));
  if (named === 'last') {
    const newest = outer.find((run) => run.mode === 'apply') ?? outer[0];
    if (newest !== undefined) return newest.id;
    throw new CadreError('run_not_found', `there is no run in ${records.place.root} yet`, {
      hint: 'cadre run hygiene',
    });
  }
  const looked = named.includes('.') ? runs : outer;
  const matches = looked.filter((run) => run.id.startsWith(named) || run.id.startsWith(`run_${named}`));
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only.id;
  if (matches.length > 1) {
    throw new CadreError('run_not_found', `"${named}" is the beginning of ${matches.length} runs`, {
      hint: `one of ${matches
        .slice(0, 3)
        .map((run) => run.id)
        .join(', ')}`,
    });
  }
  // Older than those looked at: then it must be named in full.
  await records.engine.get(named);
  return named;
}
