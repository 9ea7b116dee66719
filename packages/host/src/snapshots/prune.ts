import type { SnapshotDatabase } from './snapshot-database.ts';

/** Runs begin so; windows of others (what putting back replaced) go with the runs around them. */
const RUNS = 'run_%';

/**
 * Forgets the windows of all but the newest `keep` runs, the versions that only they knew, and contents that no version
 * names any more. A window that is still open is never forgotten, nor what is needed to put back what it changes.
 */
export async function pruneSnapshots(database: SnapshotDatabase, keep: number): Promise<void> {
  const [oldest] = database.all<{ began: number }>(
    `SELECT min(began) AS began FROM windows WHERE run LIKE ? GROUP BY run ORDER BY began DESC LIMIT 1 OFFSET ?`,
    RUNS,
    keep - 1,
  );
  if (oldest === undefined) return;
  const [open] = database.all<{ began: number | null }>(
    'SELECT min(began) AS began FROM windows WHERE ended IS NULL',
  );
  const first = Math.min(oldest.began, open?.began ?? oldest.began);
  if (database.all('SELECT 1 FROM windows WHERE began < ? LIMIT 1', first).length === 0) return;
  await database.write(async () => {
    database.run('DELETE FROM windows WHERE began < ?', first);
    database.run('DELETE FROM versions WHERE ended <= ?', first);
    database.run('DELETE FROM looks WHERE number < ?', first);
    database.run('DELETE FROM contents WHERE digest NOT IN (SELECT digest FROM versions)');
  });
  database.all('PRAGMA incremental_vacuum');
}
