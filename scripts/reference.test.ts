import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FOLDER, referenceFiles } from './reference.ts';
import { schemaTables } from './schema-page.ts';

test('the reference is the one that the schemas give: npm run reference [WRK-1] [WRK-42]', () => {
  const files = referenceFiles();
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(files).sort());
  for (const [name, text] of Object.entries(files))
    expect(readFileSync(join(FOLDER, name), 'utf8')).toBe(text);
});

test('a schema is a table of every key that may be written, with what it may be', () => {
  const tables = schemaTables({
    type: 'object',
    required: ['a'],
    properties: {
      a: { type: 'string', description: 'One | two', pattern: '^a|b$' },
      list: { type: 'array', items: { type: 'object', properties: { x: { enum: ['p', 'q'] } } } },
      named: {
        additionalProperties: { anyOf: [{ properties: { y: { const: 1 } } }, { type: 'null' }] },
        type: 'object',
      },
      again: { $ref: '#/$defs/step' },
    },
    $defs: { step: { properties: { id: { type: 'integer', minimum: 2, default: 3 } } } },
  });
  expect(tables.split('\n').filter((line) => line.startsWith('| `') || line.startsWith('##'))).toEqual([
    '| `a` * | string | One \\| two; fits `^a\\|b$` |',
    '| `list` | list of object |  |',
    '| `list[].x` | `p` `q` |  |',
    '| `named` | object by name |  |',
    '| `named.NAME.y` | `1` |  |',
    '| `again` | [step](#step) |  |',
    '## step',
    '| `id` | integer | at least 2; default `3` |',
  ]);
});
