import { budget, permissions, retry } from './limit-shapes.ts';
import { object, oneOf, record, text } from './shape.ts';
import { someSteps, steps } from './step-shapes.ts';
import * as values from './values.ts';

const spec = object(
  {
    inputs: [record(values.anyMap, values.inputName), 'JSON Schemas of the inputs by name'],
    mode: [oneOf('sequence', 'graph'), 'One step after another, or as soon as what a step needs is over'],
    permissions: [permissions, 'The most any step may ever be granted'],
    budget: [budget, 'The most a run may use'],
    concurrency: [
      object(
        {
          group: [text('a text'), 'Runs of one group do not run at once'],
          onConflict: [oneOf('queue', 'skip', 'cancel-running', 'reject'), 'What is done with a second one'],
        },
        ['group', 'onConflict'],
      ),
      'Runs that must not run at once',
    ],
    defaults: [
      object({
        timeout: [values.duration, 'Time limit of one try'],
        retry: [retry, 'How steps are tried again'],
      }),
      'For steps that do not say otherwise',
    ],
    steps: [someSteps, 'What is done'],
    onFailure: [steps, 'What is done when the run has failed'],
    finally: [steps, 'What is done at the end, however it ended'],
    outputs: [values.anyMap, 'What the run gives'],
  },
  ['steps'],
);

const metadata = object(
  {
    name: [
      text('a name of letters, digits, . - and _', (value) => /^[A-Za-z][\w.-]{0,63}$/.test(value), {
        pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,63}$',
      }),
      'The name of the workflow',
    ],
    description: [text('a text'), 'What it is for'],
  },
  ['name'],
);

/** A whole document: what `document.ts` says in types. */
export const DOCUMENT = object(
  {
    apiVersion: [oneOf('cadre/v1'), 'The version of the language'],
    kind: [oneOf('Workflow'), 'What this document describes'],
    metadata: [metadata, 'Its name'],
    spec: [spec, 'The workflow'],
  },
  ['apiVersion', 'kind', 'metadata', 'spec'],
);
