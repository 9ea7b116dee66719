import { join, relative } from 'node:path';
import { CadreError } from '@cadre/core';
import { didYouMean } from '@cadre/kit/files';
import { PUBLISHED_SCHEMAS, type PublishedSchema, schemaText } from '../../published-schemas.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { findPlace } from '../open-workspace.ts';
import { keepSchemas, SCHEMAS_FOLDER, schemaLine } from '../run/keep-schemas.ts';

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
  const written = await keepSchemas(root);
  output.document({ folder: join(root, SCHEMAS_FOLDER), written });
  const folder = relative(io.cwd, join(root, SCHEMAS_FOLDER)) || '.';
  output.line(written.length === 0 ? `${folder} is up to date` : `wrote ${written.join(', ')} to ${folder}`);
  output.line(
    output.colours.dim(`first line of a workflow: ${schemaLine('../schemas/workflow.json').trimEnd()}`),
  );
  return EXIT.ok;
};

function findSchema(name: string): PublishedSchema {
  const found = PUBLISHED_SCHEMAS.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = PUBLISHED_SCHEMAS.map((one) => one.name);
  throw new CadreError('not_found', `there is no schema called ${JSON.stringify(name)}`, {
    hint: didYouMean(name, names) ?? `there are ${names.join(', ')}`,
  });
}
