import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defineWorkflow } from './define-workflow.ts';
import { hygiene } from './fixtures/hygiene.ts';
import { plain, yaml } from './fixtures/plain.ts';
import { parseWorkflow } from './parse-workflow.ts';
import type { Problem, Step, Workflow } from './workflow.ts';

const sample = readFileSync(join(import.meta.dirname, 'fixtures/hygiene.yaml'), 'utf8');

function parsed(text: string): Workflow {
  const result = parseWorkflow(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.workflow;
}

function problems(text: string): readonly Problem[] {
  const result = parseWorkflow(text);
  return result.ok ? [] : result.problems;
}

/** `line:column code path`, and what was suggested. */
const told = (text: string) =>
  problems(text).map(({ position, code, path }) => `${position?.line}:${position?.column} ${code} ${path}`);

describe('a workflow is one definition, however it is written [WRK-30]', () => {
  test('YAML, JSON and TypeScript give the same workflow', () => {
    const fromYaml = plain(parsed(sample));
    expect(fromYaml).toEqual(plain(defineWorkflow(hygiene)));
    expect(fromYaml).toEqual(plain(parsed(JSON.stringify(hygiene))));
    expect(fromYaml).toEqual(plain(parsed(JSON.stringify(hygiene, null, '\t'))));
  });

  test('every kind of step and every key is read', () => {
    const text = yaml(
      `- id: a
  name: First
  aliases: [one, step2.5]
  if: false
  needs: []
  timeout: 1h30m
  retry: { attempts: 5, on: [busy] }
  onError: continue
  budget: { wall: 1m, tokens: 300, actions: 2 }
  class: cpu
  shard: 7
  priority: 3
  permissions: ["fs:read:src"]
  env: { PORT: 8080, DEBUG: true, NAME: x }
  cache: { key: k, ttl: 1d }
  compensate: [ { id: undo, uses: x/y } ]
  idempotencyKey: once
  uses: git/commit@^1.2
  with: { deep: [1, { a: null }] }
- { run: "make \\"all\\"", cwd: sub, shell: bash, env: { A: 1 } }
- { workflow: other, with: { a: 1 } }
- { bot: helper, prompt: hi, tools: [git/log], output: { type: object } }
- { team: all, prompt: hi }
- { plan: tidy up, tools: [] }
- { parallel: [ { uses: x/a }, { uses: x/b } ] }
- { forEach: [1, "\${{ 2 }}"], steps: [ { check: [true] } ] }
- { repeat: { until: true, max: 3 }, steps: [ { uses: x/y } ] }
- { while: { if: true, max: 3, every: 1s }, steps: [ { uses: x/y } ] }
- { choose: [ { if: "\${{ true }}", steps: [] }, { else: true, steps: [] } ] }
- { wait: 10m }
- { wait: { event: "build.*", if: "\${{ event.ok }}", timeout: 1d } }
- { approval: { prompt: go?, form: { type: object }, delegates: [ann] } }
- { check: [ { that: true, message: no }, "\${{ true }}" ], onError: { recover: [ { uses: x/y } ], then: continue } }`,
      'concurrency: { group: g, onConflict: cancel-running }',
    );
    const { steps } = parsed(text);
    expect(steps.map(({ kind }) => kind)).toEqual([
      ...[
        'action',
        'action',
        'workflow',
        'unbuilt',
        'unbuilt',
        'unbuilt',
        'parallel',
        'forEach',
        'repeat',
        'repeat',
      ],
      ...['choose', 'wait', 'wait', 'approval', 'check'],
    ]);
    expect(steps[0]).toMatchObject({
      id: 'a',
      if: '${{ false }}',
      timeoutMs: 5_400_000,
      retry: { attempts: 5, delayMs: 1_000, backoff: 2, maxDelayMs: 60_000, jitter: 'full', on: ['busy'] },
      onError: { kind: 'continue' },
      budget: { wallMs: 60_000, tokens: 300, actions: 2 },
      env: { PORT: '8080', DEBUG: 'true', NAME: 'x' },
      cache: { key: 'k', ttlMs: 86_400_000 },
      uses: 'git/commit@^1.2',
      with: { deep: [1, { a: null }] },
    });
    expect(steps[1]).toMatchObject({
      uses: 'shell/run',
      with: { command: 'make "all"', cwd: 'sub', shell: 'bash', env: { A: '1' } },
    });
    expect(steps[1]).not.toHaveProperty('env');
    expect(steps[3]).toMatchObject({
      key: 'bot',
      written: { bot: 'helper', prompt: 'hi', tools: ['git/log'] },
    });
    expect(steps[7]).toMatchObject({ items: [1, '${{ 2 }}'], as: 'item' });
    expect(steps[14]).toMatchObject({
      conditions: [{ that: '${{ true }}', message: 'no' }, { that: '${{ true }}' }],
      // biome-ignore lint/suspicious/noThenProperty: the language's own word
      onError: { kind: 'recover', then: 'continue' },
    });
  });

  test('defaults hold where nothing is said', () => {
    const workflow = parsed(yaml('- uses: x/y'));
    expect(plain(workflow)).toEqual({
      name: 'sample',
      inputs: {},
      mode: 'sequence',
      defaults: {
        timeoutMs: 600_000,
        retry: { attempts: 3, delayMs: 1_000, backoff: 2, maxDelayMs: 60_000, jitter: 'full' },
      },
      steps: [{ id: 'step-1', needs: [], onError: { kind: 'abort' }, kind: 'action', uses: 'x/y', with: {} }],
      onFailure: [],
      finally: [],
      outputs: {},
    });
  });

  test('a step without an id is given its number in the text, past ids that are taken', () => {
    const text = yaml('- uses: x/y\n- parallel: [ { uses: x/y }, { id: step-4, uses: x/y } ]\n- uses: x/y');
    const [first, second, third] = parsed(text).steps;
    const inside = second?.kind === 'parallel' ? second.branches.map(({ id }) => id) : [];
    expect([first?.id, second?.id, ...inside, third?.id]).toEqual([
      'step-1',
      'step-2',
      'step-3',
      'step-4',
      'step-5',
    ]);
    expect(parsed(yaml('- { id: step-2, uses: x/y }\n- uses: x/y')).steps[1]?.id).toBe('step-2-2');
  });

  test('steps know where they stand in the text', () => {
    expect(parsed(sample).steps.map(({ position }) => position?.line)).toEqual([
      18, 21, 26, 30, 36, 40, 44, 46,
    ]);
  });

  test('anchors, aliases and merge keys are the values that they stand for', () => {
    const text = yaml(
      '- &first { id: a, uses: x/y, with: { deep: &list [1, 2] } }\n- { <<: *first, id: b, with: { other: *list } }',
    );
    expect(parsed(text).steps[1]).toMatchObject({ id: 'b', uses: 'x/y', with: { other: [1, 2] } });
  });
});

describe('every fault is told with its place and what was probably meant [WRK-31]', () => {
  test.each([
    ['- use: x/y', '7:7 unknown_key spec.steps[0].use', 'did you mean "uses"?'],
    ['- { uses: x/y, tiemout: 5m }', '7:20 unknown_key spec.steps[0].tiemout', 'did you mean "timeout"?'],
    ['- { uses: x/y, mood: 5m }', '7:20 unknown_key spec.steps[0].mood', /^the keys here are uses, with, id/],
    ['- { uses: x/y, run: ls }', '7:7 wrong_value spec.steps[0]', 'make a step of each'],
    ['- { uses: x/y, as: file }', '7:20 unknown_key spec.steps[0].as', undefined],
    ['- { uses: y }', '7:15 wrong_value spec.steps[0].uses', undefined],
    ['- { uses: "x/y@banana" }', '7:15 wrong_value spec.steps[0].uses', undefined],
    ['- { uses: x/y, timeout: 10 minutes }', '7:29 wrong_value spec.steps[0].timeout', undefined],
    ['- { uses: x/y, timeout: 600 }', '7:29 wrong_value spec.steps[0].timeout', undefined],
    ['- { uses: x/y, id: 3 }', '7:24 wrong_value spec.steps[0].id', undefined],
    ['- { uses: x/y, id: a/b }', '7:24 wrong_value spec.steps[0].id', undefined],
    ['- { uses: x/y, if: inputs.a }', '7:24 wrong_value spec.steps[0].if', undefined],
    ['- { uses: x/y, if: "${{ a }} or not" }', '7:24 wrong_value spec.steps[0].if', undefined],
    [
      '- { uses: x/y, onError: contine }',
      '7:29 wrong_value spec.steps[0].onError',
      'did you mean "continue"?',
    ],
    [
      '- { uses: x/y, onError: { recover: [], then: retry } }',
      '7:40 empty spec.steps[0].onError.recover',
      undefined,
    ],
    [
      '- { uses: x/y, onError: { recover: [ { uses: x/y } ] } }',
      '7:29 missing_key spec.steps[0].onError',
      undefined,
    ],
    [
      '- { uses: x/y, permissions: ["fs:raed:."] }',
      '7:34 wrong_value spec.steps[0].permissions[0]',
      'did you mean "fs:read"?',
    ],
    ['- { uses: x/y, retry: { attempts: 0 } }', '7:39 wrong_value spec.steps[0].retry.attempts', undefined],
    [
      '- { forEach: "${{ a }}", as: steps, steps: [ { uses: x/y } ] }',
      '7:34 wrong_value spec.steps[0].as',
      undefined,
    ],
    ['- { forEach: "${{ a }}" }', '7:7 missing_key spec.steps[0]', undefined],
    ['- { choose: [ { steps: [] } ] }', '7:19 wrong_value spec.steps[0].choose[0]', undefined],
    [
      '- { choose: [ { if: true, else: true, steps: [] } ] }',
      '7:19 wrong_value spec.steps[0].choose[0]',
      undefined,
    ],
    [
      '- { choose: [ { else: false, steps: [] } ] }',
      '7:27 wrong_value spec.steps[0].choose[0].else',
      undefined,
    ],
    ['- { wait: { timeout: 1m } }', '7:15 wrong_value spec.steps[0].wait', undefined],
    ['- { wait: soon }', '7:15 wrong_value spec.steps[0].wait', undefined],
    [
      '- { repeat: { until: true }, steps: [ { run: x } ] }',
      '7:17 missing_key spec.steps[0].repeat',
      undefined,
    ],
    ['- { bot: helper }', '7:7 missing_key spec.steps[0]', undefined],
    ['- { check: [] }', '7:16 empty spec.steps[0].check', undefined],
    ['- { parallel: }', '7:19 wrong_value spec.steps[0].parallel', undefined],
    ['- 5', '7:7 wrong_value spec.steps[0]', undefined],
    [
      '- { id: a, uses: x/y }\n- { parallel: [ { id: a, uses: x/y } ] }',
      '8:27 duplicate_id spec.steps[1].parallel[0].id',
      undefined,
    ],
  ])('%s', (steps, expected, suggestion) => {
    expect(told(yaml(steps))).toContain(expected);
    const meant = problems(yaml(steps)).map((problem) => problem.suggestion);
    if (suggestion !== undefined)
      expect(meant).toContainEqual(
        suggestion instanceof RegExp ? expect.stringMatching(suggestion) : suggestion,
      );
  });

  test('all faults are told at once', () => {
    expect(told(yaml('- use: x/y\n- { uses: x/y, tiemout: 5m }\n- 7', 'mode: graf\nstesp: []'))).toEqual([
      '5:9 wrong_value spec.mode',
      '6:3 unknown_key spec.stesp',
      '8:7 missing_key spec.steps[0]',
      '8:7 unknown_key spec.steps[0].use',
      '9:20 unknown_key spec.steps[1].tiemout',
      '10:7 wrong_value spec.steps[2]',
    ]);
  });

  test.each([
    ['', 'empty'],
    ['# a comment', 'empty'],
    ['null', 'wrong_value'],
    ['- a list', 'wrong_value'],
    ['a: [', 'invalid_yaml'],
    ['a: "b', 'invalid_yaml'],
    ['a:\n\t- tab', 'invalid_yaml'],
    ['a: 1\na: 2', 'duplicate_key'],
    ['a: { b: 1, b: 2 }', 'duplicate_key'],
    ['a: 1\n---\nb: 2', 'invalid_yaml'],
    ['a: *nothing', 'invalid_yaml'],
    ['a: !!js/function "x"', 'invalid_yaml'],
    ['? [a]\n: b', 'invalid_yaml'],
    ['a: .inf', 'wrong_value'],
    ['a: 9007199254740993', 'invalid_yaml'],
    ['<<: 1', 'invalid_yaml'],
    [`a: ${'9'.repeat(400)}`, 'invalid_yaml'],
    ['a\0b', 'not_text'],
    ['\uFFFD\uFFFD', 'not_text'],
    ['x'.repeat(1_048_577), 'too_large'],
    ['['.repeat(50_000), 'too_deep'],
    ['- '.repeat(50_000), 'too_deep'],
    ['apiVersion: cadre/v2', 'wrong_value'],
    ['kind: Workfow', 'wrong_value'],
  ])('%.20j is told as a problem with a place', (text, code) => {
    const found = problems(text);
    expect(found.map((problem) => problem.code)).toContain(code);
    for (const problem of found) {
      expect(problem.position?.line).toBeGreaterThan(0);
      expect(problem.position?.column).toBeGreaterThan(0);
    }
  });

  test('the document is called by the name of its file', () => {
    expect(parseWorkflow('', { file: 'release.yaml' })).toMatchObject({
      ok: false,
      problems: [{ message: 'release.yaml is empty' }],
    });
  });

  test('a byte order mark is no fault', () => {
    expect(parseWorkflow(`\uFEFF${sample}`).ok).toBe(true);
  });

  test('aliases of aliases that would stand for a billion values are refused at once', () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(', ')}]`,
    );
    const bomb = ['l0: &l0 [x, x, x, x, x, x, x, x, x]', ...levels].join('\n');
    const merged = [
      'a: &a { k: v }',
      ...Array.from({ length: 200 }, (_, index) => `m${index}: { <<: [*a, *a] }`),
    ].join('\n');
    const begun = performance.now();
    expect(told(bomb)[0]).toContain('too_large');
    expect(told(merged)[0]).toContain('too_large');
    expect(performance.now() - begun).toBeLessThan(3_000);
  });

  test('nonsense of ten times the length takes some ten times as long, not a hundred', {
    timeout: 180_000,
  }, () => {
    const lists = (count: number) => Array.from({ length: count }, (_, index) => `k${index}: [x]`).join('\n');
    const took = (count: number) => {
      const begun = performance.now();
      expect(told('a: b\n'.repeat(count * 3)).length).toBeLessThanOrEqual(100);
      expect(told(lists(count)).length).toBeLessThanOrEqual(105);
      return performance.now() - begun;
    };
    const few = Math.min(took(6_000), took(6_000));
    expect(took(60_000) / few).toBeLessThan(40);
  });

  test('ten thousand steps are parsed within seconds', () => {
    const steps = Array.from(
      { length: 10_000 },
      (_, index) => `- { id: s${index}, uses: a/b, with: { n: ${index} } }`,
    );
    const begun = performance.now();
    expect(parsed(yaml(steps.join('\n'))).steps).toHaveLength(10_000);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test('whatever the text, there is an answer', () => {
    const piece = fc.constantFrom(
      ...[
        'apiVersion: cadre/v1\n',
        'kind: Workflow\n',
        'metadata: { name: x }\n',
        'spec:\n',
        '  steps:\n',
        '    - uses: a/b\n',
        '      with:\n',
      ],
      ...[
        '        a: ${{',
        '}}',
        ' &a ',
        ' *a ',
        '<<: *a',
        '- ',
        '{',
        '}',
        '[',
        ']',
        ': ',
        '"',
        "'",
        '|\n',
        '>-\n',
        '\t',
        '\n',
        '!!int ',
        '%YAML',
        '---\n',
      ],
      ...[
        'onError: ',
        'choose: ',
        'steps: ',
        '__proto__: ',
        'constructor: ',
        'null',
        '1e400',
        '0x1',
        '~',
        '#',
      ],
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (document) => {
        const result = parseWorkflow(document);
        expect(result.ok || result.problems.length > 0).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});

test('names of JavaScript objects are only names', () => {
  const text = `apiVersion: cadre/v1\nkind: Workflow\nmetadata: { name: sample, constructor: x }\nspec: { steps: [ { uses: x/y, __proto__: { run: x }, toString: 1 } ] }`;
  expect(told(text)).toEqual([
    '3:27 unknown_key metadata.constructor',
    '4:31 unknown_key spec.steps[0].__proto__',
    '4:54 unknown_key spec.steps[0].toString',
  ]);
  const step: Step | undefined = parsed(
    yaml('- { uses: x/y, with: { __proto__: { polluted: 1 }, constructor: 2 } }'),
  ).steps[0];
  expect(JSON.stringify(step?.kind === 'action' ? step.with : {})).toBe(
    '{"__proto__":{"polluted":1},"constructor":2}',
  );
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
