import type { JsonObject, JsonSchema, JsonValue } from '@cadre/sdk';
import { budget, permissions, retry } from './limit-shapes.ts';
import type { Path } from './path.ts';
import {
  anything,
  byKind,
  checkKeys,
  checkMap,
  eitherMap,
  type Keys,
  list,
  number,
  object,
  objectSchema,
  oneOf,
  type Report,
  record,
  type Shape,
  text,
  unknownKey,
  withOneOf,
} from './shape.ts';
import * as values from './values.ts';
import { SEVERITIES } from './workflow.ts';

/** Steps, as the schema of an editor knows them: by reference, because they hold each other. */
export const steps: Shape = {
  schema: { type: 'array', items: { $ref: '#/$defs/step' } },
  check: (value, path, report) => list({ schema: {}, check: checkStep }).check(value, path, report),
};

export const someSteps: Shape = {
  schema: { ...steps.schema, minItems: 1 },
  check: (value, path, report) => list({ schema: {}, check: checkStep }, 1).check(value, path, report),
};

const recover = object(
  {
    recover: [someSteps, 'Steps that mend what failed'],
    // biome-ignore lint/suspicious/noThenProperty: the language's own word, in plain data that nobody awaits
    then: [oneOf('retry', 'continue'), 'What is done after them'],
  },
  ['recover', 'then'],
);

const escalate = object(
  {
    escalate: [
      object({
        prompt: [text('a text'), 'What is asked'],
        to: [list(text('the name of a person'), 1), 'Who may answer'],
        timeout: [values.duration, 'How long the answer is waited for'],
        default: [oneOf('retry', 'continue', 'abort'), 'What is done when nobody answers'],
      }),
      'A person decides how it goes on',
    ],
  },
  ['escalate'],
);

const ROUTE = 'abort, continue, defer, escalate or a map with `recover` or `escalate`';

const route = byKind(ROUTE, {
  string: oneOf('abort', 'continue', 'defer', 'escalate'),
  map: eitherMap('escalate', escalate, recover),
});

const onError = byKind(`${ROUTE}, or a list of routes`, {
  string: oneOf('abort', 'continue', 'defer', 'escalate'),
  map: eitherMap('escalate', escalate, recover),
  list: list(
    object(
      {
        on: [list(text('a failure code, with * for any part'), 1), 'Failures with one of these codes'],
        severity: [oneOf(...SEVERITIES), 'Failures of this severity and above'],
        do: [route, 'What is done then'],
      },
      ['do'],
    ),
    1,
  ),
});

/** What any step may have. */
const STEP_KEYS: Keys = {
  id: [values.stepId, 'Its name in expressions, unique in the workflow'],
  name: [text('a text'), 'What people see'],
  aliases: [
    list(text('a name of letters, digits and . _ -', (value) => /^[\w.-]{1,64}$/.test(value))),
    'Other names to select it by',
  ],
  if: [values.condition, 'It is skipped unless this holds'],
  needs: [list(values.stepId), 'Steps that must be over before it begins'],
  heldBy: [
    list(values.stepId),
    'It is skipped as held while one of these has failed, and the run fails in the end',
  ],
  timeout: [values.duration, 'Time limit of one try'],
  retry: [retry, 'How often and when it is tried again'],
  onError: [onError, 'What happens when it has failed'],
  budget: [budget, 'The most it may use'],
  class: [
    text('a class such as cpu, io, llm or deploy', (value) => /^[a-z][a-z0-9-]*$/.test(value)),
    'What kind of work it is: each kind has a limit of its own',
  ],
  shard: [
    byKind('a text such as ${{ inputs.repository }}, or a number', {
      string: text('a text'),
      number: number('a number'),
    }),
    'What it works on: attempts with the same one go to the same process of their class while that lives',
  ],
  priority: [number('a whole number', { whole: true }), 'Higher goes first among steps that are ready'],
  permissions: [permissions, 'The most it may be granted'],
  env: [record(values.scalar), 'Environment variables'],
  cache: [
    object(
      {
        key: [text('a text'), 'Equal keys give the kept result'],
        ttl: [values.duration, 'How long it is kept'],
        tags: [
          list(text('a name of letters, digits and . _ : / -', (value) => /^[\w.:/-]{1,64}$/.test(value))),
          'Names by which it can be thrown away: cadre cache clear --tag NAME',
        ],
      },
      ['key', 'ttl'],
    ),
    'Keeps its result across runs',
  ],
  compensate: [someSteps, 'Steps that undo it when the run fails later'],
  idempotencyKey: [text('a text'), 'The same for what must happen only once'],
};

const withInputs = [values.anyMap, 'Its inputs'] as const;
const prompt = [text('a text'), 'What it is asked'] as const;
const tools = [list(text('the name of a tool')), 'Actions, workflows and tools that it may use'] as const;
const output = [values.anyMap, 'JSON Schema that the answer must fit'] as const;
const loop = (name: string, description: string): Shape =>
  object(
    {
      [name]: [values.condition, description],
      max: [number('a whole number of at least 1', { minimum: 1, whole: true }), 'At most so many times'],
      every: [values.duration, 'From one beginning to the next'],
    },
    [name, 'max'],
  );

const event = object({
  for: [values.duration, 'So long'],
  until: [text('a time or an expression'), 'Until this time'],
  event: [text('a topic, with * for any part'), 'Until this happens'],
  if: [values.condition, 'Only for events for which this holds'],
  timeout: [values.duration, 'At most so long'],
});

const wait = byKind('a duration, or a map with `for`, `until` or `event`', {
  string: values.duration,
  map: withOneOf(event, 'for', 'until', 'event'),
});

const branch = withOneOf(
  object(
    {
      if: [values.condition, 'It is chosen when this holds'],
      else: [oneOf(true), 'It is chosen when no other is'],
      steps: [steps, 'What is done then'],
    },
    ['steps'],
  ),
  'if',
  'else',
);

const checkConditions = list(
  byKind('a condition, or a map with `that`', {
    string: values.wholeExpression,
    boolean: values.condition,
    map: object(
      {
        that: [values.condition, 'What must hold'],
        message: [text('a text'), 'What is said when it does not'],
      },
      ['that'],
    ),
  }),
  1,
);

const approval = object(
  {
    prompt: [text('a text'), 'The question'],
    form: [values.anyMap, 'JSON Schema of what is asked besides yes or no'],
    timeout: [values.duration, 'How long the answer is waited for'],
    default: [oneOf('allow', 'deny'), 'The answer when nobody gives one'],
    delegates: [list(text('the name of a person')), 'Who may answer'],
  },
  ['prompt'],
);

/** Each kind of step: the key that makes it one, the other keys that it has, and those that it must have. */
export const STEP_KINDS: Readonly<
  Record<string, { readonly keys: Keys; readonly required: readonly string[] }>
> = {
  uses: { keys: { uses: [values.action, 'The action to perform'], with: withInputs }, required: [] },
  run: {
    keys: {
      run: [text('a command'), 'A shell command or script'],
      cwd: [text('a folder'), 'The folder to run it in'],
      shell: [text('the name of a shell'), 'The shell to run it with'],
    },
    required: [],
  },
  workflow: {
    keys: { workflow: [text('the name of a workflow'), 'The workflow to run'], with: withInputs },
    required: [],
  },
  bot: {
    keys: { bot: [text('the name of a bot'), 'The bot to ask'], prompt, tools, output },
    required: ['prompt'],
  },
  team: {
    keys: { team: [text('the name of a team'), 'The team to ask'], prompt, tools, output },
    required: ['prompt'],
  },
  plan: { keys: { plan: [text('a goal'), 'The goal to make steps for'], tools }, required: [] },
  parallel: { keys: { parallel: [someSteps, 'Steps that are done at once'] }, required: [] },
  forEach: {
    keys: {
      forEach: [
        byKind('a list or an expression that gives one', {
          string: values.wholeExpression,
          list: list(anything),
        }),
        'The elements',
      ],
      as: [values.variableName, 'The name of the element in expressions; default `item`'],
      atMost: [number('a whole number of at least 1', { minimum: 1, whole: true }), 'So many at once'],
      steps: [someSteps, 'Done for each element'],
    },
    required: ['steps'],
  },
  repeat: {
    keys: {
      repeat: [loop('until', 'It ends when this holds'), 'Again and again'],
      steps: [someSteps, 'Done each time'],
    },
    required: ['steps'],
  },
  while: {
    keys: {
      while: [loop('if', 'It goes on while this holds'), 'Again and again'],
      steps: [someSteps, 'Done each time'],
    },
    required: ['steps'],
  },
  choose: { keys: { choose: [list(branch, 1), 'The first branch whose `if` holds is done'] }, required: [] },
  wait: { keys: { wait: [wait, 'What is waited for'] }, required: [] },
  approval: { keys: { approval: [approval, 'A person is asked'] }, required: [] },
  check: { keys: { check: [checkConditions, 'What must hold'] }, required: [] },
};

const KIND_NAMES = Object.keys(STEP_KINDS);

function checkStep(value: JsonValue, path: Path, report: Report): void {
  checkMap(value, path, report, (step) => {
    const [kind, ...others] = KIND_NAMES.filter((name) => Object.hasOwn(step, name));
    if (kind === undefined) reportNoKind(step, path, report);
    else if (others.length > 0) reportKinds([kind, ...others], path, report);
    else checkStepOf(kind, step, path, report);
  });
}

function checkStepOf(kind: string, step: JsonObject, path: Path, report: Report): void {
  const { keys, required } = STEP_KINDS[kind] ?? { keys: {}, required: [] };
  checkKeys(step, { ...keys, ...STEP_KEYS }, required, path, report);
}

function reportNoKind(step: JsonObject, path: Path, report: Report): void {
  report({
    code: 'missing_key',
    message: 'the step does not say what to do',
    path,
    suggestion: `give it one of ${KIND_NAMES.join(', ')}`,
  });
  const known = [
    ...KIND_NAMES,
    ...Object.keys(STEP_KEYS),
    ...KIND_NAMES.flatMap((name) => Object.keys(STEP_KINDS[name]?.keys ?? {})),
  ];
  for (const key of Object.keys(step)) {
    if (!known.includes(key)) report(unknownKey(key, [...new Set(known)], path));
  }
}

function reportKinds(kinds: readonly string[], path: Path, report: Report): void {
  report({
    code: 'wrong_value',
    message: `a step does one thing, and this has ${kinds.map((kind) => `\`${kind}\``).join(' and ')}`,
    path,
    suggestion: 'make a step of each',
  });
}

/** JSON Schema of a step: one of its kinds. */
export function stepSchema(): JsonSchema {
  return {
    oneOf: KIND_NAMES.map((kind) => {
      const { keys, required } = STEP_KINDS[kind] ?? { keys: {}, required: [] };
      return { title: kind, ...objectSchema({ ...keys, ...STEP_KEYS }, [kind, ...required]) };
    }),
  };
}
