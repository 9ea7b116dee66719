import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { hygiene } from './fixtures/hygiene.ts';
import { yaml } from './fixtures/plain.ts';
import { validateSchema } from './validate-schema.ts';
import { workflowSchema } from './workflow-schema.ts';

const schema = workflowSchema();

test('the sample fits the published schema [WRK-30]', () => {
  const sample = parse(readFileSync(join(import.meta.dirname, 'fixtures/hygiene.yaml'), 'utf8'));
  expect(validateSchema(schema, sample)).toEqual([]);
  expect(validateSchema(schema, JSON.parse(JSON.stringify(hygiene)))).toEqual([]);
});

test('the schema is plain JSON, and every key of every kind of step says what it is for', () => {
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  const { $defs } = schema as unknown as {
    $defs: { step: { oneOf: { title: string; properties: Record<string, { description?: string }> }[] } };
  };
  const kinds = $defs.step.oneOf;
  expect(kinds.map(({ title }) => title)).toEqual([
    ...[
      'uses',
      'run',
      'workflow',
      'bot',
      'team',
      'plan',
      'parallel',
      'forEach',
      'repeat',
      'while',
      'choose',
      'wait',
      'approval',
      'check',
    ],
  ]);
  for (const { properties } of kinds) {
    for (const { description } of Object.values(properties)) expect(description).toBeTruthy();
  }
});

test.each([
  '- { use: x/y }',
  '- { uses: x/y, tiemout: 5m }',
  '- { uses: x/y, timeout: 10 minutes }',
  '- { uses: x/y, run: x }',
  '- { uses: y }',
  '- { uses: x/y, onError: contine }',
  '- { forEach: [1] }',
  '- { check: [] }',
  '- { choose: [ { steps: [] } ] }',
  '- { parallel: [ { uses: y } ] }',
])('what the parser refuses does not fit it either: %s', (steps) => {
  expect(validateSchema(schema, parse(yaml(steps)))).not.toEqual([]);
});
