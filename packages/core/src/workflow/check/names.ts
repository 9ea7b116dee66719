import { language } from '../../expression/environment.ts';
import type { Access } from '../../expression/syntax-tree.ts';
import { didYouMean } from '../../nearest.ts';
import { suggestInput } from '../suggest-input.ts';
import type { PlacedStep } from '../walk-steps.ts';
import type { Workflow } from '../workflow.ts';
import type { WholeSite } from './site.ts';
import { type Unreadable, whyUnreadable } from './visibility.ts';

/** What a workflow defines by name. */
export interface Names {
  readonly workflow: Workflow;
  readonly steps: ReadonlyMap<string, PlacedStep>;
}

const ALWAYS = ['inputs', 'steps', 'run', 'workspace', 'event'];

/** What is wrong with a name that an expression reads; undefined when nothing is. */
export function checkAccess(access: Access, site: WholeSite, names: Names): Unreadable | undefined {
  const { inputs } = names.workflow;
  const [field] = access.fields;
  switch (access.name) {
    case 'inputs':
      return field === undefined || Object.hasOwn(inputs, field)
        ? undefined
        : unknownInput(field, names.workflow);
    case 'steps':
      return checkStepName(field ?? '', site, names.steps);
    case 'secrets':
      return site.use === 'input' && site.whole ? undefined : SECRET_ELSEWHERE;
    case 'failure':
      return site.failureKnown ? undefined : NO_FAILURE;
    default:
      return ALWAYS.includes(access.name) || site.variables.has(access.name)
        ? undefined
        : unknownName(access.name, site, names);
  }
}

function checkStepName(
  id: string,
  site: WholeSite,
  steps: ReadonlyMap<string, PlacedStep>,
): Unreadable | undefined {
  if (site.ownSteps.has(id)) return undefined;
  if (site.reader === undefined)
    return { code: 'unreadable_step', message: 'no step has begun when this is evaluated' };
  return whyUnreadable(id, site.reader, steps);
}

const SECRET_ELSEWHERE: Unreadable = {
  code: 'secret_elsewhere',
  message: 'a secret may go only into the `with` or `env` of a step',
  suggestion: 'write it there as a whole value: ${{ secrets.NAME }}',
};

const NO_FAILURE: Unreadable = {
  code: 'unknown_name',
  message: '`failure` is known only in onFailure, finally, recover and compensate',
  suggestion: 'read steps.ID.failure of a step with `onError: continue`',
};

function unknownInput(name: string, workflow: Workflow): Unreadable {
  return {
    code: 'unknown_input',
    message: `the workflow has no input \`${name}\``,
    suggestion: suggestInput(name, workflow),
  };
}

function unknownName(name: string, site: WholeSite, names: Names): Unreadable {
  const known = [...ALWAYS, ...site.variables.keys(), ...(site.failureKnown ? ['failure'] : [])];
  return {
    code: 'unknown_name',
    message: `there is no name \`${name}\` here`,
    suggestion: meant(name, names) ?? didYouMean(name, known) ?? `the names here are ${known.join(', ')}`,
  };
}

function meant(name: string, { workflow, steps }: Names): string | undefined {
  if (Object.hasOwn(workflow.inputs, name)) return `did you mean inputs.${name}?`;
  if (steps.has(name)) return `did you mean steps.${name}.output?`;
  const functions = language()
    .getDefinitions()
    .functions.map((definition) => definition.name);
  return functions.includes(name) ? `${name} is a function: write ${name}(…)` : undefined;
}
