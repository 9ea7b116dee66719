import { change, type Script } from '../database.ts';

/** False: there is no such run. A run that is over keeps its record as it is. */
export function* putEffects(run: string, step: string, effects: readonly unknown[]): Script<boolean> {
  const { changes } = yield change(PUT_EFFECTS, run, step, JSON.stringify(effects));
  if (changes === 0) return false;
  const files = effects.reduce<number>((sum, effect) => sum + filesOf(effect), 0);
  const made = effects.map(commitOf).findLast((commit) => commit !== undefined);
  if (files === 0 && made === undefined) return true;
  for (const id of [run, ...runsAround(run)]) yield change(COUNT, id, files, made ?? null);
  return true;
}

/** Nothing is inserted when there is no such run. */
const PUT_EFFECTS = 'INSERT INTO effects (run, step, effects) SELECT key, ?2, ?3 FROM runs WHERE id = ?1';

const COUNT = `UPDATE runs SET changes = changes + ?2, commit_made = coalesce(?3, commit_made)
  WHERE id = ?1 AND ended_at IS NULL`;

/** A run inside another has its id, a dot and a number. */
function runsAround(run: string): string[] {
  const end = run.lastIndexOf('.');
  return end < 0 ? [] : [run.slice(0, end), ...runsAround(run.slice(0, end))];
}

/** One for a file, and as many as there are behind a folder. */
function filesOf(effect: unknown): number {
  if (!isOfKind(effect, 'file')) return 0;
  return typeof effect['files'] === 'number' ? effect['files'] : 1;
}

function commitOf(effect: unknown): string | undefined {
  return isOfKind(effect, 'commit') && typeof effect['commit'] === 'string' ? effect['commit'] : undefined;
}

function isOfKind(effect: unknown, kind: string): effect is Record<string, unknown> {
  return typeof effect === 'object' && effect !== null && 'kind' in effect && effect.kind === kind;
}

export const READ_EFFECTS = `SELECT step, effects FROM effects
  WHERE run = (SELECT key FROM runs WHERE id = ?1) ORDER BY id`;
