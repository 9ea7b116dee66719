import { createHash } from 'node:crypto';
import { CadreError } from '@cadre/core/errors';
import { hashFile } from '@cadre/kit/files';
import { openArtifactFiles } from './artifact-files.ts';
import { putPieces } from './artifact-pieces.ts';
import { change, type Database } from './database.ts';
import { putChunks } from './sql/artifacts.ts';

const PAGE = 100;

/**
 * Takes the texts of artifacts out of their files into the database: a backup is one file, and another machine has no
 * files of this one. What has no file is in the database already, or is gone. Throws `artifact_damaged`.
 */
export async function importArtifacts(database: Database, folder: string): Promise<void> {
  const files = openArtifactFiles(folder);
  let after = '';
  for (;;) {
    const rows = await database.read(
      'SELECT digest, type FROM artifacts WHERE digest > ?1 ORDER BY digest LIMIT ?2',
      [after, PAGE],
    );
    for (const row of rows) {
      after = String(row['digest']);
      const path = await files.find(after);
      if (row['type'] === 'bytes' && path !== undefined) {
        if (`sha256:${await hashFile(path)}` !== after) throw damaged(after);
        await putPieces(database, { digest: after, path }, 0);
        continue;
      }
      const text = await files.read(after);
      if (text === undefined) continue;
      if (`sha256:${createHash('sha256').update(text).digest('hex')}` !== after) throw damaged(after);
      await database.write(() => putChunks(after, text));
    }
    if (rows.length < PAGE) break;
  }
  // All of them have a row already.
  await database.write(function* () {
    yield change('DELETE FROM artifact_arrivals');
  });
}

function damaged(digest: string): CadreError {
  return new CadreError('artifact_damaged', `the file of the artifact ${digest} is not what was kept`, {
    hint: 'remove it (then what names it fails with `artifact_missing`), and try again',
  });
}
