import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { CadreError } from '../errors.ts';
import { defineWorkflow } from './define-workflow.ts';
import type { StepSpec, WorkflowDocument } from './document.ts';
import { plain } from './fixtures/plain.ts';
import { parseWorkflow } from './parse-workflow.ts';

test('what is no workflow is refused with everything that is wrong', () => {
  const document = {
    apiVersion: 'cadre/v1',
    kind: 'Workflow',
    metadata: {},
    spec: { steps: [{ use: 'x/y' }] },
  };
  const define = () => defineWorkflow(document as unknown as WorkflowDocument);
  expect(define).toThrow(CadreError);
  expect(define).toThrow(
    /metadata: `name` is missing[\s\S]*spec\.steps\[0\]\.use: there is no key `use` here – did you mean "uses"\?/,
  );
});

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
const someText = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom(
    'yes',
    'null',
    '1e3',
    '- a',
    '${{ inputs.x }}',
    '"q"',
    "it's",
    '#x',
    'a: b',
    ' x ',
    '\n\n',
    '😀',
    '*a',
    '<<',
  ),
);
const value = fc
  .jsonValue({ maxDepth: 2 })
  .map((each) => JSON.parse(JSON.stringify(each).replaceAll('"position"', '"place"')));
const someMap = fc.dictionary(
  fc.string({ minLength: 1 }).filter((key) => key !== 'position'),
  value,
  { maxKeys: 3 },
);
const duration = fc
  .tuple(fc.integer({ min: 1, max: 99 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'))
  .map((all) => all.join(''));
const condition = fc.oneof(fc.boolean(), fc.constantFrom('${{ inputs.a > 1 }}', '${{ "}}" == \'x\' }}'));
const retry = fc.record(
  {
    attempts: fc.integer({ min: 1, max: 9 }),
    delay: duration,
    jitter: fc.constantFrom('full' as const, 'none' as const),
    on: fc.array(word, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const budget = fc.record(
  {
    wall: duration,
    memory: fc.constantFrom('2GiB', '5 MB'),
    tokens: fc.constantFrom('200k', 5),
    money: fc.constant('2.5 EUR'),
  },
  { requiredKeys: [] },
);

const common = {
  name: someText,
  aliases: fc.array(word, { maxLength: 2 }),
  if: condition,
  timeout: duration,
  retry,
  onError: fc.constantFrom('abort' as const, 'continue' as const, 'escalate' as const),
  budget,
  class: fc.constantFrom('cpu', 'io'),
  shard: fc.oneof(someText, fc.integer()),
  priority: fc.integer(),
  permissions: fc.constant(['fs:read:.']),
  env: fc.dictionary(word, fc.oneof(someText, fc.integer(), fc.boolean()), { maxKeys: 2 }),
  cache: fc.record({ key: someText, ttl: duration }),
  idempotencyKey: someText,
};

const check = fc.oneof(
  condition,
  fc.record({ that: condition, message: someText }, { requiredKeys: ['that'] }),
);
const simpleKinds = [
  fc.record({ uses: fc.constantFrom('a/b', 'a/c@^1.0'), with: someMap }, { requiredKeys: ['uses'] }),
  fc.record({ run: someText, cwd: someText }, { requiredKeys: ['run'] }),
  fc.record({ check: fc.array(check, { minLength: 1, maxLength: 2 }) }),
  fc.record({
    approval: fc.record({ prompt: someText, form: someMap, timeout: duration }, { requiredKeys: ['prompt'] }),
  }),
  fc.record({ wait: duration }),
  fc.record({ bot: word, prompt: someText }),
];

// biome-ignore lint/suspicious/noThenProperty: the language's own word
const retried = { then: fc.constant('retry' as const) };

/** Steps with others inside them, so many levels deep. */
function stepsOf(depth: number): fc.Arbitrary<StepSpec[]> {
  return fc.array(depth === 0 ? simple : fc.oneof(simple, holding(stepsOf(depth - 1))), {
    minLength: 1,
    maxLength: 3,
  });
}

const simple: fc.Arbitrary<StepSpec> = fc
  .tuple(fc.record(common, { requiredKeys: [] }), fc.oneof(...simpleKinds))
  .map(([shared, own]) => ({ ...shared, ...own }) as StepSpec);

function holding(steps: fc.Arbitrary<StepSpec[]>): fc.Arbitrary<StepSpec> {
  const branch = fc.oneof(
    fc.record({ if: condition, steps }),
    fc.record({ else: fc.constant(true as const), steps }),
  );
  return fc.oneof(
    fc.record({ parallel: steps }),
    fc.record(
      {
        forEach: fc.oneof(fc.array(value, { maxLength: 2 }), fc.constant('${{ inputs.list }}')),
        as: fc.constantFrom('file', 'x'),
        steps,
      },
      { requiredKeys: ['forEach', 'steps'] },
    ),
    fc.record({ choose: fc.array(branch, { minLength: 1, maxLength: 2 }) }),
    fc.record({ repeat: fc.record({ until: condition, max: fc.integer({ min: 1 }) }), steps }),
    fc.record({ uses: fc.constant('a/b'), compensate: steps }),
    fc.record({ uses: fc.constant('a/b'), onError: fc.record({ recover: steps, ...retried }) }),
  );
}

/** Some have ids, and no two the same. */
function named(steps: readonly StepSpec[]): StepSpec[] {
  return steps.map((each, index) => (index % 2 === 0 ? { id: `given-${index}`, ...each } : each));
}

const document: fc.Arbitrary<WorkflowDocument> = fc.record({
  apiVersion: fc.constant('cadre/v1' as const),
  kind: fc.constant('Workflow' as const),
  metadata: fc.record({ name: word, description: someText }, { requiredKeys: ['name'] }),
  spec: fc.record(
    {
      inputs: fc.dictionary(
        fc.stringMatching(/^in[A-Z]{1,4}$/),
        fc.record({ type: fc.constant('string'), default: someText }),
        { maxKeys: 2 },
      ),
      mode: fc.constantFrom('sequence' as const, 'graph' as const),
      budget,
      concurrency: fc.record({
        group: someText,
        onConflict: fc.constantFrom('queue' as const, 'skip' as const),
      }),
      defaults: fc.record({ timeout: duration, retry }, { requiredKeys: [] }),
      steps: stepsOf(2).map(named),
      finally: stepsOf(0),
      outputs: someMap,
    },
    { requiredKeys: ['steps'] },
  ),
});

test('a workflow that is written as YAML or JSON text and parsed is the same workflow [WRK-30]', () => {
  fc.assert(
    fc.property(document, (written) => {
      const defined = plain(defineWorkflow(written));
      for (const text of [
        stringify(written),
        stringify(written, { collectionStyle: 'flow' }),
        JSON.stringify(written),
      ]) {
        const parsed = parseWorkflow(text);
        expect(parsed).toMatchObject({ ok: true });
        expect(parsed.ok && plain(parsed.workflow)).toEqual(defined);
      }
    }),
    { numRuns: 100 },
  );
});
