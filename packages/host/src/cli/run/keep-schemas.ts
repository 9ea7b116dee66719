import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '@cadre/kit/files';
import { PUBLISHED_SCHEMAS, schemaText } from '../../published-schemas.ts';

/** Where editors find them: below the workspace, so that everybody who has the repository has them too. */
export const SCHEMAS_FOLDER = join('.cadre', 'schemas');

/** Writes schemas into the workspace, all of them unless some are named. Answers the names of the files that were missing or were others. */
export async function keepSchemas(root: string, names?: readonly string[]): Promise<readonly string[]> {
  await mkdir(join(root, SCHEMAS_FOLDER), { recursive: true });
  const written: string[] = [];
  for (const one of PUBLISHED_SCHEMAS) {
    if (names !== undefined && !names.includes(one.name)) continue;
    const file = `${one.name}.json`;
    const path = join(root, SCHEMAS_FOLDER, file);
    const text = schemaText(one);
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) continue;
    await writeAtomic(path, text);
    written.push(file);
  }
  return written;
}

/** The first line of a file, by which an editor finds its schema. */
export function schemaLine(path: string): string {
  return `# yaml-language-server: $schema=${path}\n`;
}
