import { ENVELOPE_VERSION, type JsonSchema } from '@cadre/sdk';

const text = (description: string, more: JsonSchema = {}): JsonSchema => ({
  description,
  type: 'string',
  ...more,
});
const maybe = (description: string, more: JsonSchema = {}): JsonSchema => ({
  description,
  type: ['string', 'null'],
  ...more,
});

const PROPERTIES = {
  v: { description: 'Version of the envelope.', const: ENVELOPE_VERSION },
  id: text('`STREAM#NUMBER`: the same whoever reads it, and however often.', { pattern: '^.+#[1-9][0-9]*$' }),
  topic: text('A noun and a past verb, or what was emitted.', { pattern: '^[\\w-]+(\\.[\\w-]+)*$' }),
  stream: text(
    'What it is an event of: a run, the partial results of an attempt (`RUN:STEP:ATTEMPT`), `firing:17`, `emitted`, `audit`.',
  ),
  number: { description: 'From 1, without gaps within its stream.', type: 'integer', minimum: 1 },
  workspace: text('Id of the workspace.'),
  run: maybe('The run that it belongs to.'),
  step: maybe('Path of the step.'),
  card: maybe('The card that it belongs to.'),
  conversation: maybe('The conversation that it belongs to.'),
  actor: maybe('Who did it: `user:ann`, `trigger:nightly`.'),
  time: text('When, in UTC.', { format: 'date-time' }),
  trace: maybe('Trace id that a run shares with all runs inside it.', { pattern: '^[0-9a-f]{32}$' }),
  data: { description: 'What there is to say; see the topics.', type: 'object' },
} satisfies JsonSchema;

/** The JSON Schema (2020-12) of the envelope. */
export function envelopeSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://cadre.dev/schema/v1/event.json',
    title: 'Cadre event',
    type: 'object',
    additionalProperties: false,
    required: Object.keys(PROPERTIES),
    properties: PROPERTIES,
  };
}
