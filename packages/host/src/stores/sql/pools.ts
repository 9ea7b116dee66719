import type { Quarantine } from '../../ports/pool-store.ts';
import type { Row } from '../database.ts';

export const PUT_QUARANTINE =
  'INSERT INTO quarantines (worker, since, reason) VALUES (?1, ?2, ?3) ON CONFLICT (worker) DO NOTHING';

export const FIND_QUARANTINE = 'SELECT worker, since, reason FROM quarantines WHERE worker = ?1';

export const LIST_QUARANTINES = 'SELECT worker, since, reason FROM quarantines ORDER BY worker';

export const CLEAR_QUARANTINE = 'DELETE FROM quarantines WHERE worker = ?1';

export const PUT_FIGURES = `INSERT INTO process_figures (process, figures) VALUES (?1, ?2)
  ON CONFLICT (process) DO UPDATE SET figures = excluded.figures`;

export const LIST_FIGURES = 'SELECT figures FROM process_figures ORDER BY process';

export const REMOVE_FIGURES = 'DELETE FROM process_figures WHERE process = ?1';

export const PUT_WARM_CALL = `INSERT INTO warm_calls (worker, call) VALUES (?1, ?2)
  ON CONFLICT (worker) DO UPDATE SET call = excluded.call`;

export const FIND_WARM_CALL = 'SELECT call FROM warm_calls WHERE worker = ?1';

export function readQuarantine(row: Row): Quarantine {
  return { worker: String(row['worker']), since: Number(row['since']), reason: String(row['reason']) };
}
