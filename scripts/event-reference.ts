import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { envelopeSchema, OTHER_TOPICS, RUN_TOPICS, type TopicNote } from '../packages/core/src/index.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../docs/reference');

export const EVENT_PAGE = join(folder, 'events.md');
export const EVENT_SCHEMA = join(folder, 'event.schema.json');

/** The page that says what an event looks like, made of its schema and of the list of topics. */
export function eventPage(): string {
  const { properties } = envelopeSchema() as unknown as {
    readonly properties: Readonly<
      Record<string, { description: string; type?: string | string[]; const?: number }>
    >;
  };
  const fields = Object.entries(properties).map(([name, { description, type, const: fixed }]) => {
    const kind = fixed === undefined ? [type].flat().join(' or ') : String(fixed);
    return `| \`${name}\` | ${kind} | ${description} |`;
  });
  return `# Events

This page is made by \`npm run event-reference\` of the schema and the list of topics; the schema itself is in
[event.schema.json](event.schema.json), and \`@cadre/sdk\` has its type, \`Envelope\`. How to follow events:
[the guide](../guide/events.md).

Every event has all of these fields:

| Field | Type | |
|---|---|---|
${fields.join('\n')}

## In the journal of a run

The stream is the id of the run.

${table(RUN_TOPICS)}

## Elsewhere

${table(OTHER_TOPICS)}
`;
}

function table(topics: Readonly<Record<string, TopicNote>>): string {
  const rows = Object.entries(topics).map(([topic, { says, data = {} }]) => {
    const fields = Object.entries(data).map(([name, what]) => `\`${name}\`: ${what}`);
    const name = topic.includes(' ') ? topic : `\`${topic}\``;
    return `| ${name} | ${says} | ${fields.join('; ')} |`;
  });
  return ['| Topic | | `data` |', '|---|---|---|', ...rows].join('\n');
}

export function schemaText(): string {
  return `${JSON.stringify(envelopeSchema(), undefined, 2)}\n`;
}

if (import.meta.main) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(EVENT_PAGE, eventPage());
  writeFileSync(EVENT_SCHEMA, schemaText());
}
