import type { JsonValue } from '@cadre/sdk';
import type { Path } from './path.ts';
import type { Step } from './workflow.ts';

/** A value of a step that may hold expressions, and where it stands below the step. */
export interface Template {
  readonly template: JsonValue;
  readonly path: Path;
  /** `condition`: must give true or false. `input`: goes into an action as it is, so it may be a secret. */
  readonly use: 'condition' | 'input' | 'text' | 'list';
  /** It is evaluated after the steps inside: it sees them, and the counter of the loop. */
  readonly inside?: true;
}

/** Everything in a step itself, without the steps inside it, that may hold expressions. */
export function templatesOf(step: Step): Template[] {
  const all: readonly (Template | { readonly template: undefined })[] = [
    { template: step.if, path: ['if'], use: 'condition' },
    { template: step.env, path: ['env'], use: 'input' },
    { template: step.idempotencyKey, path: ['idempotencyKey'], use: 'text' },
    { template: step.shard, path: ['shard'], use: 'text' },
    { template: step.cache?.key, path: ['cache', 'key'], use: 'text' },
    ...templatesOfKind(step),
  ];
  return all.filter((each): each is Template => each.template !== undefined);
}

function templatesOfKind(step: Step): (Template | { readonly template: undefined })[] {
  switch (step.kind) {
    case 'action':
      return [{ template: step.with, path: ['with'], use: 'input' }];
    case 'forEach':
      return [{ template: step.items, path: ['forEach'], use: 'list' }];
    case 'choose':
      return step.branches.map((branch, index) => ({
        template: branch.if,
        path: ['choose', index, 'if'],
        use: 'condition',
      }));
    case 'check':
      return step.conditions.flatMap(({ that, message }, index) => [
        { template: that, path: ['check', index, 'that'], use: 'condition' },
        { template: message, path: ['check', index, 'message'], use: 'text' },
      ]);
    case 'repeat':
      return [
        { template: step.until, path: ['repeat', 'until'], use: 'condition', inside: true },
        { template: step.while, path: ['while', 'if'], use: 'condition', inside: true },
      ];
    case 'wait':
      return [
        { template: step.until, path: ['wait', 'until'], use: 'text' },
        { template: step.event, path: ['wait', 'event'], use: 'text' },
        { template: step.when, path: ['wait', 'if'], use: 'condition' },
      ];
    case 'workflow':
      return [{ template: step.with, path: ['with'], use: 'input' }];
    case 'approval':
      return [{ template: step.prompt, path: ['approval', 'prompt'], use: 'text' }];
    case 'unbuilt':
      // It holds steps of its own, with inputs of their own.
      return [{ template: step.written, path: [], use: 'input' }];
    default:
      return [];
  }
}
