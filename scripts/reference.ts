import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OTHER_TOPICS, RUN_TOPICS, type TopicNote } from '../packages/core/src/index.ts';
import {
  PUBLISHED_SCHEMAS,
  type PublishedSchema,
  schemaText,
} from '../packages/host/src/published-schemas.ts';
import type { JsonObject } from '../packages/sdk/src/index.ts';
import { schemaTables } from './schema-page.ts';

export const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../docs/reference');

/** What stands below the tables of a page, made of data too. */
const MORE: Readonly<Record<string, () => string>> = { event: topicTables };

/** Where a guide says how it is used. */
const GUIDES: Readonly<Record<string, string>> = {
  worker: 'writing-workers.md',
  workflow: 'workflows.md',
  trigger: 'triggers.md',
  'mcp-server': 'mcp.md',
  config: 'permissions.md#settings',
  event: 'events.md',
};

/** Every file of the reference, by its name. */
export function referenceFiles(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    PUBLISHED_SCHEMAS.flatMap((one) => [
      [`${one.name}.md`, pageOf(one)],
      [`${one.name}.schema.json`, schemaText(one)],
    ]),
  );
}

function pageOf({ name, says, schema }: PublishedSchema): string {
  const { title } = schema();
  const more = MORE[name]?.();
  return `# ${title}

What may stand in ${says}. This page is made by \`npm run reference\` of the schema, [${name}.schema.json](${name}.schema.json), which
\`cadre schema ${name}\` prints. How to use it: [the guide](../guide/${GUIDES[name]}). A star marks what has to be there.

${schemaTables(schema() as JsonObject)}
${more === undefined ? '' : `\n${more}\n`}`;
}

function topicTables(): string {
  return `## In the journal of a run

The stream is the id of the run.

${topics(RUN_TOPICS)}

## Elsewhere

${topics(OTHER_TOPICS)}`;
}

function topics(all: Readonly<Record<string, TopicNote>>): string {
  const rows = Object.entries(all).map(([topic, { says, data = {} }]) => {
    const fields = Object.entries(data).map(([name, what]) => `\`${name}\`: ${what}`);
    const name = topic.includes(' ') ? topic : `\`${topic}\``;
    return `| ${name} | ${says} | ${fields.join('; ')} |`;
  });
  return ['| Topic | | `data` |', '|---|---|---|', ...rows].join('\n');
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of Object.entries(referenceFiles())) writeFileSync(join(FOLDER, name), text);
}
