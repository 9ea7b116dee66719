import { mkdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { CadreError } from '@cadre/core';
import { didYouMean, writeAtomic } from '@cadre/kit/files';
import { PUBLISHED_SCHEMAS, type PublishedSchema, schemaText } from '../../published-schemas.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { findPlace } from '../open-workspace.ts';

/** Where editors find them: below the workspace, so that everybody who has the repository has them too. */
const FOLDER = join('.cadre', 'schemas');

export const schema: CommandHandler = async ({ io, output, global, arguments: [name], options }) => {
  if (name !== undefined) {
    io.stdout.write(schemaText(findSchema(name)));
    return EXIT.ok;
  }
  if (options['write'] !== true) {
    output.document({ schemas: PUBLISHED_SCHEMAS.map(({ name, says }) => ({ name, says })) });
    for (const { name, says } of PUBLISHED_SCHEMAS) output.line(`${name.padEnd(12)}${says}`);
    output.line(output.colours.dim('cadre schema --write keeps them in the workspace, for editors'));
    return EXIT.ok;
  }
  const { root } = await findPlace(global.workspace ?? '.', io.cwd);
  const written = await writeSchemas(root);
  output.document({ folder: join(root, FOLDER), written });
  const folder = relative(io.cwd, join(root, FOLDER)) || '.';
  output.line(written.length === 0 ? `${folder} is up to date` : `wrote ${written.join(', ')} to ${folder}`);
  output.line(
    output.colours.dim('first line of a workflow: # yaml-language-server: $schema=../schemas/workflow.json'),
  );
  return EXIT.ok;
};

/** Answers the names of the files that were missing or were others. */
async function writeSchemas(root: string): Promise<readonly string[]> {
  await mkdir(join(root, FOLDER), { recursive: true });
  const written: string[] = [];
  for (const one of PUBLISHED_SCHEMAS) {
    const file = `${one.name}.json`;
    const path = join(root, FOLDER, file);
    const text = schemaText(one);
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) continue;
    await writeAtomic(path, text);
    written.push(file);
  }
  return written;
}

function findSchema(name: string): PublishedSchema {
  const found = PUBLISHED_SCHEMAS.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = PUBLISHED_SCHEMAS.map((one) => one.name);
  throw new CadreError('not_found', `there is no schema called ${JSON.stringify(name)}`, {
    hint: didYouMean(name, names) ?? `there are ${names.join(', ')}`,
  });
}
