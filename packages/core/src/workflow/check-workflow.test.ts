import type { ActionManifest, EffectClass, JsonObject, JsonSchema } from '@cadre/sdk';
import { describe, expect, test } from 'vitest';
import type { ActionCatalog } from './check/actions.ts';
import { checkWorkflow } from './check-workflow.ts';
import { defineWorkflow } from './define-workflow.ts';
import type { StepSpec } from './document.ts';
import { yaml } from './fixtures/plain.ts';
import { parseWorkflow } from './parse-workflow.ts';
import type { Problem } from './workflow.ts';

const object = (properties: JsonObject, required: string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

function action(
  name: string,
  input: JsonSchema,
  output: JsonSchema,
  effects: EffectClass[] = ['read'],
): ActionManifest {
  return { name, description: name, input, output, effects };
}

const actions = new Map<string, ActionManifest>([
  [
    'code/format',
    action(
      'format',
      object({ path: { type: 'string' } }),
      object({
        files: { type: 'array', items: { type: 'string' } },
        count: { type: 'integer' },
        clean: { type: 'boolean' },
      }),
    ),
  ],
  [
    'git/commit',
    action(
      'commit',
      object(
        {
          message: { type: 'string', minLength: 1 },
          paths: { type: 'array', items: { type: 'string' } },
          scope: { enum: ['run', 'all'] },
        },
        ['message'],
      ),
      { type: 'object', properties: { commit: { type: 'string' } } },
      ['write'],
    ),
  ],
  ['git/push', action('push', object({ force: { type: 'boolean' } }), object({}), ['publish'])],
  [
    'shell/run',
    action(
      'run',
      object(
        {
          command: { type: 'string' },
          cwd: { type: 'string' },
          env: { type: 'object', additionalProperties: { type: 'string' } },
          shell: { enum: ['sh', 'bash'] },
        },
        ['command'],
      ),
      object({ code: { type: 'integer' }, stdout: { type: 'string' } }),
      ['write'],
    ),
  ],
]);

const catalog: ActionCatalog = {
  find: (uses) => (uses.endsWith('@^9') ? undefined : actions.get(uses.split('@')[0] ?? '')),
  names: () => [...actions.keys()],
};

const INPUTS =
  'inputs:\n  n: { type: integer, default: 1 }\n  word: { type: string, default: a }\n  ok: { type: boolean, default: true }\n  list: { type: array, items: { type: string }, default: [] }';

function check(steps: string, spec = INPUTS): Problem[] {
  const parsed = parseWorkflow(yaml(steps, spec));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return checkWorkflow(parsed.workflow, catalog);
}

const told = (steps: string, spec?: string) => check(steps, spec).map(({ code, path }) => `${code} ${path}`);

test('a workflow without faults has no problems', () => {
  expect(
    check(
      `- { id: a, uses: code/format, with: { path: "\${{ inputs.word }}" } }
- id: each
  forEach: \${{ steps.a.output.files }}
  as: file
  steps:
    - { id: b, uses: code/format, with: { path: "\${{ file + string(index) }}" } }
    - { id: c, if: "\${{ steps.b.output.clean && file.endsWith('.ts') }}", uses: git/commit, with: { message: "\${{ steps.b.status }}", paths: ["\${{ file }}"] } }
- { id: d, check: ["\${{ steps.a.output.count > 0 || inputs.n in [1, 2] }}", "\${{ inputs.list == ['a'] && inputs.n == 1 }}"] }
- { id: e, parallel: [ { id: f, run: make }, { id: g, uses: code/format } ] }
- { id: h, if: "\${{ steps.e.output.f.code == 0 && steps.g.output.clean }}", run: make, env: { TOKEN: "\${{ secrets.TOKEN }}" } }
- { id: i, uses: git/push, with: { force: "\${{ steps.each.output.size() > 0 }}" }, onError: { recover: [ { id: j, run: "true", if: "\${{ steps.i.status == 'failed' && failure.retryable }}" } ], then: retry } }`,
      `${INPUTS}\nonFailure: [ { id: x, run: "true", if: "\${{ steps.h.status == 'failed' && failure != null }}" } ]\nfinally: [ { id: y, if: "\${{ steps.x.status == 'succeeded' }}", uses: git/push } ]\noutputs: { count: "\${{ steps.a.output.count * 0.5 + steps.f.output.code }}" }`,
    ),
  ).toEqual([]);
});

describe('actions [WRK-31]', () => {
  test.each([
    ['git/comit', 'there is no action git/comit', 'did you mean git/commit or git/push?'],
    ['gti/commit', 'there is no action gti/commit', 'did you mean git/commit?'],
    ['nothing/like', 'there is no action nothing/like', 'cadre worker list shows what there is'],
    [
      'git/commit@^9',
      'no installed version of git/commit lies in ^9',
      'cadre worker list shows what there is',
    ],
  ])('%s is unknown', (uses, message, suggestion) => {
    expect(check(`- { id: a, uses: "${uses}" }`)).toMatchObject([
      {
        severity: 'error',
        code: 'unknown_action',
        message,
        suggestion,
        path: 'spec.steps[0].uses',
        position: { line: 11, column: 22 },
      },
    ]);
  });

  test('what is written out for an action must fit its input, and what expressions give by its type', () => {
    expect(
      check(`- id: a
  uses: git/commit
  with: { mesage: hi, paths: [1, "\${{ inputs.n }}"], scope: "\${{ inputs.word }}" }
- { id: b, uses: git/commit, with: { message: "\${{ inputs.list }}", scope: none } }
- { id: c, uses: git/commit, with: { message: "" } }
- { id: d, uses: git/push, with: { force: "\${{ inputs.n > 1 }}" } }`).map(
        ({ code, path, message, suggestion }) => [code, path, message, suggestion],
      ),
    ).toEqual([
      ['missing_input', 'spec.steps[0].with', 'the input of commit: `message` is missing', undefined],
      [
        'unknown_input',
        'spec.steps[0].with.mesage',
        'the input of commit: there is no `mesage`',
        'did you mean "message"?',
      ],
      [
        'wrong_input',
        'spec.steps[0].with.paths[0]',
        'the input of commit: expected string, found 1',
        undefined,
      ],
      [
        'wrong_type',
        'spec.steps[1].with.message',
        'the input `message` takes string, and this gives array',
        undefined,
      ],
      [
        'wrong_input',
        'spec.steps[1].with.scope',
        'the input of commit: expected one of ["run","all"], found "none"',
        undefined,
      ],
      [
        'wrong_input',
        'spec.steps[2].with.message',
        'the input of commit: string is too short (0 < 1), found ""',
        undefined,
      ],
    ]);
  });

  test('trying again what has effects is warned of, unless it is said when', () => {
    expect(check('- { id: a, uses: git/push, retry: { attempts: 3 } }')).toMatchObject([
      { severity: 'warning', code: 'retry_not_idempotent' },
    ]);
    expect(told('- { id: a, uses: git/push, retry: { attempts: 3, on: [busy] } }')).toEqual([]);
    expect(told('- { id: a, uses: git/push, retry: { attempts: 1 } }')).toEqual([]);
    expect(told('- { id: a, uses: code/format, retry: { attempts: 3 } }')).toEqual([]);
  });

  test('an expression in a shell command is warned of, at the command as it was written', () => {
    expect(check('- { id: a, run: "echo ${{ inputs.word }}" }')).toMatchObject([
      {
        severity: 'warning',
        code: 'expression_in_command',
        path: 'spec.steps[0].run',
        position: { line: 11, column: 21 },
      },
    ]);
    expect(told('- { id: a, run: "echo $WORD", env: { WORD: "${{ inputs.word }}" } }')).toEqual([]);
    expect(told('- { id: a, run: make, shell: fish, env: { X: "${{ steps.z.output }}" } }')).toEqual([
      'wrong_input spec.steps[0].shell',
      'unknown_step spec.steps[0].env.X',
    ]);
  });

  test('without a catalog nothing is said about actions', () => {
    expect(
      checkWorkflow(defineWorkflow(document([{ uses: 'no/such', with: { a: '${{ inputs.zz }}' } }]))),
    ).toMatchObject([{ code: 'unknown_input' }]);
  });
});

describe('names in expressions [WRK-31]', () => {
  test.each([
    ['inputs.wrod', 'unknown_input', 'did you mean "word"?'],
    ['steps.z.status', 'unknown_step', undefined],
    ['steps.frist.status', 'unknown_step', 'did you mean steps.first?'],
    ['steps.backed-up.status', 'unknown_step', 'did you mean steps["backed-up"]?'],
    ['steps.later.status', 'unreadable_step', undefined],
    ['steps.self.status', 'unreadable_step', undefined],
    ['steps.inner.status', 'unreadable_step', undefined],
    ['word', 'unknown_name', 'did you mean inputs.word?'],
    ['first.output', 'unknown_name', 'did you mean steps.first.output?'],
    ['size', 'unknown_name', 'size is a function: write size(…)'],
    ['inptus.word', 'unknown_name', 'did you mean "inputs"?'],
    ['failure.message', 'unknown_name', 'read steps.ID.failure of a step with `onError: continue`'],
    ['secrets.TOKEN', 'secret_elsewhere', undefined],
    ['file', 'unknown_name', undefined],
    ['1 +', 'invalid_expression', undefined],
    ['sise(inputs.list)', 'invalid_expression', 'did you mean "size"?'],
    ['steps[inputs.word]', 'invalid_expression', 'write steps.ID or steps["ID"]'],
    ['cel.bind(x, 1, x)', 'invalid_expression', undefined],
  ])('%s: %s', (expression, code, suggestion) => {
    const problems = check(`- { id: first, run: "true" }
- { id: backed-up, run: "true" }
- { id: loop, forEach: [1], as: file, steps: [ { id: inner, run: "true" } ] }
- id: self
  check:
    - that: '\${{ ${expression} }}'
- { id: later, run: "true" }`);
    expect(problems[0]).toMatchObject({
      severity: 'error',
      code,
      path: 'spec.steps[3].check[0].that',
      position: { line: 16, column: 17 },
    });
    if (suggestion !== undefined) expect(problems[0]?.suggestion).toBe(suggestion);
  });

  test('a step reads what is over before it begins, wherever that stands', () => {
    const text = (reader: string, read: string) =>
      `- { id: a, parallel: [ { id: b, run: x }, { id: c, run: x, if: "${reader === 'c' ? read : '${{ true }}'}" } ] }
- id: d
  choose:
    - { if: "${reader === 'd' ? read : '${{ true }}'}", steps: [ { id: e, run: x }, { id: f, run: x, if: "${reader === 'f' ? read : '${{ true }}'}" } ] }
    - { else: true, steps: [ { id: g, run: x, if: "${reader === 'g' ? read : '${{ true }}'}" } ] }
- { id: h, run: x, if: "${reader === 'h' ? read : '${{ true }}'}", onError: { recover: [ { id: i, run: x, if: "${reader === 'i' ? read : '${{ true }}'}" } ], then: retry } }`;
    const reads = (reader: string, id: string) =>
      told(text(reader, `\${{ steps.${id}.status == 'x' }}`)).filter((line) =>
        line.startsWith('unreadable_step'),
      ).length === 0;
    const readable = ['c', 'd', 'f', 'g', 'h', 'i'].map((reader) => [
      reader,
      [...'abcdefghi'].filter((id) => reads(reader, id)).join(''),
    ]);
    expect(Object.fromEntries(readable)).toEqual({
      c: '',
      d: 'abc',
      f: 'abce',
      g: 'abc',
      h: 'abcdefg',
      i: 'abcdefgh',
    });
  });

  test('secrets go into inputs and the environment as whole values only', () => {
    expect(
      told(
        '- { id: a, run: x, env: { A: "${{ secrets.T }}", B: "Bearer ${{ secrets.T }}" }, if: "${{ secrets.T }}" }',
      ),
    ).toEqual(['secret_elsewhere spec.steps[0].env.B', 'secret_elsewhere spec.steps[0].if']);
    expect(told('- { id: a, run: x }', 'outputs: { a: "${{ secrets.T }}" }')).toEqual([
      'secret_elsewhere spec.outputs.a',
    ]);
  });

  test('the group of runs that must not run at once is known before any step', () => {
    expect(
      told('- { id: a, run: x }', 'concurrency: { group: "${{ steps.a.status }}", onConflict: skip }'),
    ).toEqual(['unreadable_step spec.concurrency.group']);
  });

  test('what ends a loop sees the steps in it and the counter, and nothing outside sees into it', () => {
    expect(
      told(`- id: r
  repeat: { until: "\${{ steps.poll.output == 1 && iteration > 2 }}", max: 3 }
  steps: [ { id: poll, uses: git/commit, with: { message: "\${{ string(iteration) }}" } } ]
- { uses: git/commit, with: { message: "\${{ iteration }} \${{ steps.poll.output }}" } }`).map(
        (line) => line.split(' ')[0],
      ),
    ).toEqual(['unknown_name', 'unreadable_step']);
    expect(
      told(`- id: r
  repeat: { until: "\${{ steps.poll.output == 1 && iteration > 2 && steps.pol.output }}", max: 3 }
  steps: [ { id: poll, workflow: y, with: { a: "\${{ inputs.wrod }}", t: "\${{ secrets.T }}" } } ]`),
    ).toEqual(['unknown_step spec.steps[0].repeat.until', 'unknown_input spec.steps[0].steps[0].with.a']);
  });

  test('a step is mended in one way, a route behind one that takes all is never taken, and a question reaches somebody', () => {
    expect(
      told(`- id: a
  run: x
  onError:
    - { on: [busy], do: { recover: [ { run: y } ], then: retry } }
    - { do: { recover: [ { run: z } ], then: continue } }
    - { severity: high, do: abort }`),
    ).toEqual(['wrong_value spec.steps[0].onError[1].do.recover', 'unreachable spec.steps[0].onError[2]']);
  });

  test('what undoes a step sees its output and the failure', () => {
    expect(
      told(`- id: a
  run: x
  compensate: [ { run: y, env: { A: "\${{ json(steps.a.output) }}", B: "\${{ failure.code }}" } } ]`),
    ).toEqual([]);
  });
});

describe('types [WRK-31]', () => {
  test.each([
    ['inputs.n + "a" == "1a"', 'wrong_type', 'error'],
    ['inputs.word > 3', 'wrong_type', 'error'],
    ['inputs.n && true', 'wrong_type', 'error'],
    ['inputs.n', 'wrong_type', 'error'],
    ['inputs.word', 'wrong_type', 'error'],
    ['inputs.n.size() > 1', 'wrong_type', 'error'],
    ['inputs.word.nothing == 1', 'wrong_type', 'error'],
    ['inputs.list.map(x, x + 1) == []', 'wrong_type', 'error'],
    ['inputs.ok.exists(x, x)', 'wrong_type', 'error'],
    ['steps.a.outptu == 1', 'unknown_field', 'error'],
    ['steps.a.output.cuont > 1', 'unknown_field', 'error'],
    ['steps.b.output.comit == "x"', 'unknown_field', 'warning'],
    ['steps.a.output.files[0] > 1', 'wrong_type', 'error'],
    ['steps.p.output.q.code == "x"', 'wrong_type', 'error'],
    ['steps.p.output.r == 1', 'unknown_field', 'error'],
    ['run.started > 1', 'unknown_field', 'error'],
    ['steps.a.status', 'wrong_type', 'error'],
  ])('%s: %s', (expression, code, severity) => {
    const problems = check(`- { id: a, uses: code/format }
- { id: b, uses: git/commit, with: { message: x } }
- { id: p, parallel: [ { id: q, run: x } ] }
- { id: c, check: ['\${{ ${expression} }}'] }`);
    expect(problems).toMatchObject([{ code, severity, path: 'spec.steps[3].check[0].that' }]);
  });

  test('what is right for the values is never refused for their types', () => {
    const conditions = [
      'inputs.n in [1, 2]',
      'inputs.n == 1',
      '1 == inputs.n',
      'inputs.n != 1.5',
      'inputs.list + ["a"] == []',
      'steps.a.output.?files.orValue([]).size() == 0',
      'steps.a.?output.?count.orValue(null) == null',
      'has(steps.a.output.files)',
      '"files" in steps.a.output',
      'size(steps.a.output) > 0',
      'steps.a.output == null',
      'steps.b.output.commit.startsWith("a")',
      'steps.x.output.anything.at[3].all > 1',
      'steps.a.failure.code == "x"',
      'json(steps.a.output) != ""',
      'steps.a.output.files.map(f, f.size()).exists(n, n > inputs.n)',
      '(inputs.ok ? dyn(inputs.n) : dyn("x")) == "x"',
      'run.trigger.kind == "x"',
      'workspace.root == "/"',
      'event.deep.thing == 1',
      'inputs.word.substring(inputs.n) == ""',
      'steps.a.output.map(key, key) == []',
    ];
    const list = conditions.map((condition) => `    - '\${{ ${condition} }}'`).join('\n');
    expect(
      check(
        `- { id: a, uses: code/format }\n- { id: b, uses: git/commit, with: { message: x } }\n- { id: x, choose: [ { else: true, steps: [] } ] }\n- id: c\n  check:\n${list}`,
      ),
    ).toEqual([]);
  });

  test('the elements of a list have the type that the list says', () => {
    expect(
      told(`- { id: a, uses: code/format }
- { id: e, forEach: "\${{ steps.a.output.files }}", as: file, steps: [ { id: f, forEach: "\${{ [file] }}", as: file, steps: [ { id: g, check: ["\${{ file > 1 && index > 1 }}"] } ] } ] }
- { id: h, forEach: "\${{ inputs.word }}", steps: [ { run: x } ] }`),
    ).toEqual([
      'wrong_type spec.steps[1].steps[0].steps[0].check[0].that',
      'wrong_type spec.steps[2].forEach',
    ]);
  });
});

describe('structure [WRK-31]', () => {
  test('steps that wait for each other are told with the path', () => {
    const problems = check(
      `- { id: a, run: x, needs: [c] }
- { id: b, run: x, if: "\${{ steps.a.status == 'x' }}" }
- { id: c, parallel: [ { id: d, run: x, if: "\${{ steps.b.status == 'x' }}" } ] }
- { id: e, run: x, needs: [a] }`,
      'mode: graph',
    );
    expect(problems).toMatchObject([
      {
        code: 'cycle',
        message: 'steps wait for each other: a → c → b → a',
        path: 'spec.steps[0]',
        position: { line: 7, column: 7 },
      },
    ]);
  });

  test('in a sequence needs name earlier steps, in a graph any', () => {
    const steps = '- { id: a, run: x, needs: [b, nobody] }\n- { id: b, run: x }';
    expect(told(steps)).toEqual([
      'unreadable_step spec.steps[0].needs[0]',
      'unknown_step spec.steps[0].needs[1]',
    ]);
    expect(told(steps, 'mode: graph')).toEqual(['unknown_step spec.steps[0].needs[1]']);
  });

  test('what never runs is warned of, and a branch after one that always holds is refused', () => {
    expect(
      check(
        '- { id: a, if: false, run: x }\n- { id: b, if: "${{ 1 > 2 }}", run: x }\n- { id: c, if: "${{ inputs.ok }}", run: x }',
      ),
    ).toMatchObject([
      { severity: 'warning', code: 'unreachable', path: 'spec.steps[0].if' },
      { severity: 'warning', code: 'unreachable', path: 'spec.steps[1].if' },
    ]);
    expect(
      told(
        '- { choose: [ { if: "${{ inputs.ok }}", steps: [] }, { else: true, steps: [] }, { if: "${{ inputs.ok }}", steps: [] } ] }',
      ),
    ).toEqual(['unreachable spec.steps[0].choose[2]']);
    expect(told('- { choose: [ { if: true, steps: [] }, { else: true, steps: [] } ] }')).toEqual([
      'unreachable spec.steps[0].choose[1]',
    ]);
  });

  test('a step that never runs may read what comes later: it reads nothing', () => {
    expect(
      told('- { id: a, if: false, check: ["${{ steps.b.status == \'x\' }}"] }\n- { id: b, run: x }'),
    ).toEqual(['unreachable spec.steps[0].if']);
  });

  test('lists of nothing do nothing', () => {
    expect(told('- { forEach: [], steps: [ { run: x } ] }')).toEqual(['empty spec.steps[0].forEach']);
  });

  test('an alias that is the id of another step is warned of', () => {
    expect(check('- { id: a, run: x, aliases: [b, a] }\n- { id: b, run: x }')).toMatchObject([
      { severity: 'warning', code: 'alias_hidden' },
    ]);
  });

  test('schemas of inputs are schemas, and defaults fit them', () => {
    const spec = `inputs:
  a: { type: strin }
  b: { type: string, default: 3 }
  c: { type: integer, minimun: 1, default: 0 }
  d: { type: array, items: { type: numer } }
  e: { type: string, pattern: "(" }
  f: { enum: [] }
  g: { type: object, properties: { h: { type: boolean, default: 1 } }, default: { h: "x" } }
  i: { $ref: "#/nowhere" }`;
    expect(
      check('- { run: x }', spec).map(({ code, path, severity, suggestion }) => [
        severity,
        code,
        path,
        suggestion,
      ]),
    ).toEqual([
      ['error', 'wrong_schema', 'spec.inputs.a.type', 'did you mean "string"?'],
      ['error', 'wrong_schema', 'spec.inputs.b.default', undefined],
      ['warning', 'unknown_key', 'spec.inputs.c.minimun', 'did you mean "minimum"?'],
      ['error', 'wrong_schema', 'spec.inputs.d.items.type', 'did you mean "number"?'],
      ['error', 'wrong_schema', 'spec.inputs.e.pattern', undefined],
      ['error', 'wrong_schema', 'spec.inputs.f.enum', undefined],
      ['error', 'wrong_schema', 'spec.inputs.g.default.h', undefined],
      ['error', 'wrong_schema', 'spec.inputs.i', undefined],
    ]);
  });
});

test('problems stand in the order of the text, each with line and column', () => {
  const problems = check(
    '- { id: b, uses: no/such, with: { a: "${{ inputs.zz }}" } }\n- { id: a, if: "${{ steps.q.status }}", run: x }',
  );
  const lines = problems.map(({ position }) => position?.line ?? 0);
  expect(problems.length).toBe(3);
  expect(lines).toEqual([...lines].sort((a, b) => a - b));
  expect(Math.min(...lines)).toBeGreaterThan(10);
});

test('ten thousand steps are checked within seconds', () => {
  const steps = Array.from(
    { length: 10_000 },
    (_, index): StepSpec => ({
      id: `s${index}`,
      uses: 'code/format',
      with: { path: index === 0 ? 'x' : `\${{ steps.s${index - 1}.output.files[0] }}` },
    }),
  );
  for (const mode of ['sequence', 'graph'] as const) {
    const begun = performance.now();
    expect(checkWorkflow(defineWorkflow(document(steps, mode)), catalog)).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(20_000);
  }
});

function document(steps: StepSpec[], mode: 'sequence' | 'graph' = 'sequence') {
  return {
    apiVersion: 'cadre/v1' as const,
    kind: 'Workflow' as const,
    metadata: { name: 'sample' },
    spec: { mode, steps },
  };
}
