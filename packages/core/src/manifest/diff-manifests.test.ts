import type { JsonSchema, Manifest } from '@cadre/sdk';
import { describe, expect, test } from 'vitest';
import { diffManifests } from './diff-manifests.ts';
import { schemaChanges } from './schema-changes.ts';

const INPUT: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', maxLength: 20 },
    tone: { enum: ['warm', 'cold'] },
    times: { type: 'integer', minimum: 1 },
  },
};

const WORKER: Manifest = {
  id: 'greeter',
  version: '1.2.3',
  capabilities: ['actions'],
  permissions: ['fs:read:src', 'net:*.example.org:443'],
  entrypoint: 'main.js',
  actions: [
    {
      name: 'greet',
      description: 'Says hello',
      effects: ['read'],
      idempotent: true,
      input: INPUT,
      output: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
    },
    {
      name: 'wave',
      description: 'Waves',
      effects: ['none'],
      input: { type: 'object' },
      output: { type: 'object' },
    },
  ],
};

const [GREET, WAVE] = WORKER.actions as [Manifest['actions'][number], Manifest['actions'][number]];

function withInput(change: Partial<Record<string, unknown>>): Manifest {
  const properties = { ...(INPUT['properties'] as object), ...change };
  return { ...WORKER, actions: [{ ...GREET, input: { ...INPUT, properties } as JsonSchema }, WAVE] };
}

const withGreet = (change: object): Manifest => ({ ...WORKER, actions: [{ ...GREET, ...change }, WAVE] });

describe('[WRK-3] the difference of two versions of a worker', () => {
  test('is nothing where nothing changed', () => {
    expect(diffManifests(WORKER, WORKER)).toMatchObject({
      changes: [],
      step: undefined,
      leastVersion: '1.2.3',
      isHonest: true,
    });
  });

  test.each<[string, Manifest, string]>([
    ['an action that is gone', { ...WORKER, actions: [GREET] }, 'is gone'],
    ['an action with another name', { ...WORKER, actions: [GREET, { ...WAVE, name: 'nod' }] }, 'is gone'],
    [
      'an input that has become required',
      withGreet({ input: { ...INPUT, required: ['name', 'tone'] } }),
      'tone has become required',
    ],
    ['an input that is not known any more', withInput({ times: undefined }), 'times is not known any more'],
    [
      'a value that is not allowed any more',
      withInput({ tone: { enum: ['warm'] } }),
      'the value "cold" is not allowed any more',
    ],
    [
      'a type that is narrower',
      withInput({ name: { type: 'integer' } }),
      'the type string is not allowed any more',
    ],
    [
      'a length that is shorter',
      withInput({ name: { type: 'string', maxLength: 10 } }),
      'maxLength is 10 and was 20',
    ],
    [
      'a least number that is greater',
      withInput({ times: { type: 'integer', minimum: 2 } }),
      'minimum is 2 and was 1',
    ],
    [
      'an output that is not promised any more',
      withGreet({ output: { type: 'object', properties: { text: { type: 'string' } } } }),
      'text need not be given any more',
    ],
    [
      'an output of a further type',
      withGreet({
        output: { type: 'object', required: ['text'], properties: { text: { type: ['string', 'null'] } } },
      }),
      'the type null is allowed now',
    ],
    ['a further effect', withGreet({ effects: ['read', 'send'] }), 'it may send now'],
    [
      'a wider permission',
      { ...WORKER, permissions: ['fs:read:.', 'net:*.example.org:443'] },
      'greeter wants to read files in the workspace',
    ],
    ['an action that may not be repeated any more', withGreet({ idempotent: false }), 'doing it twice'],
  ])('%s takes a major version', (_, after, says) => {
    const found = diffManifests(WORKER, { ...after, version: '1.3.0' });
    expect(found).toMatchObject({ step: 'major', leastVersion: '2.0.0', isHonest: false });
    expect(found.changes.map((one) => one.says).join('; ')).toContain(says);
    expect(diffManifests(WORKER, { ...after, version: '2.0.0' }).isHonest).toBe(true);
  });

  test.each<[string, Manifest]>([
    ['a further action', { ...WORKER, actions: [GREET, WAVE, { ...WAVE, name: 'nod' }] }],
    ['a further input that may be left out', withInput({ loud: { type: 'boolean' } })],
    ['a number where there was an integer', withInput({ times: { type: 'number', minimum: 1 } })],
    [
      'a further output',
      withGreet({
        output: { type: 'object', required: ['text'], properties: { text: { type: 'string' }, at: {} } },
      }),
    ],
    ['a permission less', { ...WORKER, permissions: ['fs:read:src'] }],
  ])('%s takes a minor version', (_, after) => {
    expect(diffManifests(WORKER, { ...after, version: '1.2.4' })).toMatchObject({
      step: 'minor',
      leastVersion: '1.3.0',
      isHonest: false,
    });
    expect(diffManifests(WORKER, { ...after, version: '1.3.0' }).isHonest).toBe(true);
  });

  test('other words take a patch', () => {
    expect(diffManifests(WORKER, withGreet({ description: 'Says good morning' }))).toMatchObject({
      step: 'patch',
      leastVersion: '1.2.4',
    });
  });

  test('before 1.0.0 the second number says what the first one says later', () => {
    const early = { ...WORKER, version: '0.4.2' };
    expect(diffManifests(early, { ...early, actions: [GREET], version: '0.5.0' })).toMatchObject({
      leastVersion: '0.5.0',
      isHonest: true,
    });
  });

  test('what it may do beyond what it could is said in sentences for people', () => {
    const { wider } = diffManifests(WORKER, {
      ...WORKER,
      permissions: [...WORKER.permissions, 'shell:git', 'fs:read:src/deep'],
    });
    expect(wider).toEqual(['greeter wants to run the program git']);
  });
});

test('what cannot be compared counts as narrower and as wider', () => {
  const kinds = schemaChanges({ pattern: 'a' }, { pattern: 'b' }).map(({ kind }) => kind);
  expect(kinds).toEqual(['narrower', 'wider']);
  expect(schemaChanges({ items: { type: 'string' } }, { items: { type: 'integer' } })).toMatchObject([
    { kind: 'narrower', pointer: '/*' },
    { kind: 'wider', pointer: '/*' },
  ]);
  expect(schemaChanges({ additionalProperties: false }, {})).toMatchObject([{ kind: 'wider' }]);
  expect(schemaChanges({}, { additionalProperties: { type: 'string' } })).toMatchObject([
    { kind: 'narrower' },
  ]);
});
