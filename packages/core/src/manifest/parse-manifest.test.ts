import { describe, expect, test } from 'vitest';
import { checkValue } from './check-value.ts';
import { manifestSchema } from './manifest-schema.ts';
import { parseManifest } from './parse-manifest.ts';

const GOOD = `
id: greeter
version: 1.2.0
licence: MIT
capabilities: [actions]
permissions: ["fs:read:.", "net:*.example.org:443"]
entrypoint: main.js
engines: { cadre: ">=0.1.0" }
actions:
  - name: greet
    description: Says hello
    effects: [none]
    permissions: ["fs:read:src"]
    timeout: 30s
    input: { type: object, required: [name], properties: { name: { type: string } } }
    output: { type: object }
    examples: [{ input: { name: Ann }, output: {} }]
`;

const problemsOf = (from: string | RegExp, to: string) => {
  const text = GOOD.replace(from, to);
  expect(text).not.toBe(GOOD);
  return parseManifest(text).problems;
};

describe('reading a manifest', () => {
  test('[WRK-44] what is handed over as a file is a path to its author', () => {
    const output = (type: string) =>
      `output: { type: object, properties: { film: { ${type}format: artifact } } }`;
    expect(problemsOf('output: { type: object }', output('type: string, '))).toEqual([]);
    for (const type of ['', 'type: object, ']) {
      expect(problemsOf('output: { type: object }', output(type))).toMatchObject([
        { severity: 'error', suggestion: 'write type: string beside format: artifact' },
      ]);
    }
  });

  test('[WRK-1] a whole one is read without problems', () => {
    const parsed = parseManifest(GOOD);
    expect(parsed).toMatchObject({
      ok: true,
      problems: [],
      manifest: { id: 'greeter', actions: [{ name: 'greet' }] },
    });
  });

  test.each<[string, string | RegExp, string, object]>([
    ['a reserved id', 'id: greeter', 'id: cadre-greeter', { path: 'id', message: /reserved/ }],
    ['a wrong id', 'id: greeter', 'id: Greeter', { path: 'id', position: { line: 2, column: 5 } }],
    ['a wrong version', '1.2.0', '1.2.x', { path: 'version', message: /semantic version/ }],
    ['a missing field', /version: .*\n/, '', { path: 'version', message: 'version: is missing' }],
    [
      'a wrong type',
      'permissions: ["fs:read:.", "net:*.example.org:443"]',
      'permissions: 5',
      { message: /expected array, got 5/ },
    ],
    ['an unknown key', 'licence:', 'licnce:', { path: 'licnce', suggestion: 'did you mean "licence"?' }],
    [
      'an unknown key inside',
      'timeout:',
      'timout:',
      {
        path: 'actions[0].timout',
        suggestion: 'did you mean "timeout"?',
        position: { line: 14, column: 13 },
      },
    ],
    [
      'an unknown effect',
      '[none]',
      '[raed]',
      { path: 'actions[0].effects[0]', suggestion: 'did you mean "read"?' },
    ],
    ['none beside others', '[none]', '[none, read]', { path: 'actions[0].effects' }],
    [
      'an unknown permission',
      'fs:read:.',
      'fs:reed:.',
      { path: 'permissions[0]', suggestion: 'did you mean "fs:read"?' },
    ],
    [
      'a permission beyond the worker’s',
      'fs:read:src',
      'fs:write:src',
      { path: 'actions[0].permissions[0]' },
    ],
    ['an entry point outside the package', 'main.js', '../main.js', { path: 'entrypoint' }],
    [
      'a program of an action that is not there',
      'actions:\n',
      'programs: [{ program: git, purpose: list, actions: [great] }]\nactions:\n',
      { path: 'programs[0].actions[0]', message: 'there is no action great', suggestion: /greet/ },
    ],
    ['an absolute entry point', 'main.js', '/main.js', { path: 'entrypoint' }],
    ['an example that does not fit', 'name: Ann', 'name: 7', { path: 'actions[0].examples[0].input.name' }],
    ['actions that are not promised', '[actions]', '[events]', { path: 'capabilities' }],
    [
      'an input that is no object',
      '{ type: object, required',
      '{ type: array, required',
      { path: 'actions[0].input' },
    ],
    ['a wrong duration', '30s', '30 parsecs', { path: 'actions[0].timeout' }],
    ['a wrong range', '>=0.1.0', 'newest', { path: 'engines.cadre' }],
    [
      'a dependency that is no name',
      'actions:\n',
      'dependencies: { "skill:tone": ^1 }\nactions:\n',
      { path: 'dependencies.skill:tone' },
    ],
    [
      'a dependency without a range',
      'actions:\n',
      'skills: { tone: { range: newest, optional: true } }\nactions:\n',
      { path: 'skills.tone', message: 'newest is not a version range' },
    ],
    [
      'a worker that depends on itself',
      'actions:\n',
      'dependencies: { greeter: ^1 }\nactions:\n',
      { path: 'dependencies.greeter' },
    ],
    [
      'a type that there is not, which nothing would fit',
      'licence:',
      'config: { type: object, properties: { base: { anyOf: [{ type: [strin, "null"] }] } } }\nlicence:',
      { path: 'config.properties.base.anyOf[0].type', message: '"strin" is no type of JSON Schema' },
    ],
    [
      'a broken reference',
      '{ type: object }',
      '{ $ref: "#/$defs/none" }',
      { path: 'actions[0].examples[0].output' },
    ],
    [
      'broken YAML',
      'id: greeter',
      'id: [greeter',
      { message: /not valid YAML/, position: expect.anything() },
    ],
    ['a key given twice', 'id: greeter', 'id: greeter\nid: other', { message: /not valid YAML/ }],
  ])('[WRK-2] %s is told with its place', (_name, from, to, expected) => {
    const shape = Object.fromEntries(
      Object.entries(expected).map(([key, value]) => [
        key,
        value instanceof RegExp ? expect.stringMatching(value) : value,
      ]),
    );
    expect(problemsOf(from, to)).toContainEqual(expect.objectContaining({ severity: 'error', ...shape }));
  });

  test('[WRK-7] two actions of one name are refused', () => {
    const action = GOOD.slice(GOOD.indexOf('  - name'));
    expect(parseManifest(GOOD + action).problems).toContainEqual(
      expect.objectContaining({ path: 'actions[1].name', message: 'there are two actions greet' }),
    );
  });

  test.each(['', 'just text', '[]', 'null', '5'])('[WRK-7] %j is refused and does not throw', (text) => {
    expect(parseManifest(text).ok).toBe(false);
  });

  test('[WRK-1] a missing licence or version of Cadre is a warning and does not refuse it', () => {
    const parsed = parseManifest(GOOD.replace(/licence: .*\n/, '').replace(/engines: .*\n/, ''));
    expect(parsed.ok).toBe(true);
    expect(parsed.problems.map(({ severity, path }) => [severity, path])).toEqual(
      [
        ['warning', ''],
        ['warning', ''],
      ].map(([severity], index) => [severity, ['engines', 'licence'][index]]),
    );
  });

  test('[WRK-58] an action with effects and no preview is a warning', () => {
    expect(problemsOf('[none]', '[write]')).toContainEqual(
      expect.objectContaining({ severity: 'warning', path: 'actions[0].preview' }),
    );
  });

  test('[WRK-1] the published schema takes what is right and refuses what is wrong', () => {
    const schema = manifestSchema();
    const parsed = parseManifest(GOOD);
    if (!parsed.ok) throw new Error('not read');
    const manifest = JSON.parse(JSON.stringify(parsed.manifest));
    expect(checkValue(schema, manifest)).toEqual([]);
    expect(checkValue(schema, { ...manifest, rocket: 1 })).toEqual([
      { pointer: '/rocket', message: 'Nothing is expected here: the name is unknown.' },
    ]);
  });
});

describe('a value against its schema', () => {
  test('every fault is told where it is', () => {
    const schema = {
      type: 'object',
      required: ['a'],
      additionalProperties: false,
      properties: { a: { type: 'string' }, list: { type: 'array', items: { type: 'integer', minimum: 1 } } },
    };
    expect(checkValue(schema, { list: [1, 0, 'x'], 'odd/~key': 1 }).map(({ pointer }) => pointer)).toEqual([
      '',
      '/list/1',
      '/list/2',
      '/odd~1~0key',
    ]);
  });
});
