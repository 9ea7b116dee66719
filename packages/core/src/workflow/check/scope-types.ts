import type { JsonValue } from '@cadre/sdk';
import type { Environment } from '@marcbachmann/cel-js';
import { parseTemplate, type TemplatePart } from '../../expression/template.ts';
import { isWholeExpression } from '../is-whole-expression.ts';
import type { Step, Workflow } from '../workflow.ts';
import type { ActionCatalog } from './actions.ts';
import { defineType, openTypeTable, type TypeTable, typeOfSchema } from './expression-types.ts';
import type { Variable, Variables } from './site.ts';

/** The types of everything that the expressions of a workflow may read. */
export interface ScopeTypes {
  readonly table: TypeTable;
  /** For expressions that see these variables besides what all see. */
  readonly environmentWith: (variables: Variables) => Environment;
}

/** `read` are the steps that any expression reads; the others need no types. */
export function scopeTypes(
  workflow: Workflow,
  read: readonly Step[],
  catalog: ActionCatalog | undefined,
): ScopeTypes {
  const table = openTypeTable();
  const { environment } = table;
  const views = read.map((step) => [step.id, viewType(step, table, catalog)]);
  environment
    .registerVariable('inputs', typeOfSchema({ type: 'object', properties: workflow.inputs }, table))
    .registerVariable('steps', defineType(Object.fromEntries(views), false, table))
    .registerVariable('run', defineType({ id: 'string', startedAt: 'double', trigger: 'map' }, true, table))
    .registerVariable('workspace', 'map')
    .registerVariable('event', 'map');
  return { table, environmentWith: withVariables(environment) };
}

function viewType(step: Step, table: TypeTable, catalog: ActionCatalog | undefined): string {
  const output = outputType(step, table, catalog);
  return defineType({ status: 'string', output, failure: 'dyn', attempts: 'double' }, true, table);
}

function outputType(step: Step, table: TypeTable, catalog: ActionCatalog | undefined): string {
  switch (step.kind) {
    case 'action':
      return typeOfSchema(catalog?.find(step.uses)?.output, table);
    case 'parallel': {
      const outputs = step.branches.map((branch) => [branch.id, outputType(branch, table, catalog)]);
      return defineType(Object.fromEntries(outputs), true, table);
    }
    case 'forEach':
      return 'list';
    default:
      return 'dyn';
  }
}

/** Expressions that see variables of the same types share an environment: making one is not free. */
function withVariables(base: Environment): (variables: Variables) => Environment {
  const made = new Map<string, Environment>();
  const environmentWith = (variables: Variables): Environment => {
    const types = [...variables].map(([name, variable]) => [name, typeOf(variable)] as const);
    const key = JSON.stringify(types);
    const environment =
      made.get(key) ?? types.reduce((each, [name, type]) => each.registerVariable(name, type), base.clone());
    made.set(key, environment);
    return environment;
  };
  const typeOf = (variable: Variable): string => {
    if (typeof variable === 'string') return variable === 'number' ? 'double' : 'dyn';
    return elementType(variable.items, environmentWith(variable.around));
  };
  return environmentWith;
}

function elementType(items: JsonValue, environment: Environment): string {
  const [part]: TemplatePart[] =
    typeof items === 'string' && isWholeExpression(items) ? parseTemplate(items) : [];
  const { type = 'dyn' } = part === undefined ? {} : environment.check(part.text);
  return /^list<(.+)>$/.exec(type)?.[1] ?? 'dyn';
}
