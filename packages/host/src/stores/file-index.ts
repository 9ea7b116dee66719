import type { FileIndex, NotedFile } from '../ports/file-index.ts';
import { change, type Database } from './database.ts';
import { FORGET_FILE, NOTE_FILE, READ_FILES } from './sql/file-digests.ts';

export function createFileIndex(database: Database): FileIndex {
  return {
    async read(place) {
      const rows = await database.read(READ_FILES, [place]);
      return new Map(
        rows.map(({ path, stamp, digest }): [string, NotedFile] => [
          String(path),
          { stamp: String(stamp), digest: String(digest) },
        ]),
      );
    },
    note: (place, files, forgotten) =>
      database.write(function* () {
        for (const [path, { stamp, digest }] of files) yield change(NOTE_FILE, place, path, stamp, digest);
        for (const path of forgotten) yield change(FORGET_FILE, place, path);
      }),
  };
}
