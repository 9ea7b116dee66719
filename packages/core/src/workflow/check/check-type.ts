import type { JsonValue } from '@cadre/sdk';
import type { ASTNode, Environment, ParseError, TypeError as TypeProblem } from '@marcbachmann/cel-js';
import { explainError } from '../../expression/explain-error.ts';
import { didYouMean } from '../../nearest.ts';
import { isObject, suggest } from '../shape.ts';
import type { ActionCatalog } from './actions.ts';
import type { TypeTable } from './expression-types.ts';
import type { Finding } from './finding.ts';
import type { ScopeTypes } from './scope-types.ts';
import type { WholeSite } from './site.ts';

/** Whether an expression fits the types of what it reads, and its own type its place. */
export function checkType(
  text: string,
  site: WholeSite,
  types: ScopeTypes,
  catalog: ActionCatalog | undefined,
): Finding[] {
  const environment = types.environmentWith(site.variables);
  const { error, type = 'dyn' } = environment.check(text);
  const findings =
    error === undefined ? misplaced(type, site, catalog) : faults(text, error, environment, types.table);
  return findings.map((finding) => ({
    ...finding,
    path: site.path,
    ...(site.step !== undefined && { step: site.step }),
  }));
}

type Unplaced = Omit<Finding, 'path'>;

/** Faults that would also be faults when the expression is evaluated. */
const CERTAIN = new Set([
  'no_such_overload',
  'no_matching_overload',
  'cannot_index_type',
  'invalid_index_type',
  'invalid_condition_type',
  'invalid_logical_operand',
  'invalid_comprehension_range',
]);

function faults(
  text: string,
  error: ParseError | TypeProblem,
  environment: Environment,
  table: TypeTable,
): Unplaced[] {
  if (error.code === 'no_such_key') return noSuchKey(text, error, environment, table);
  // The library knows types made of schemas only by their fields; to functions the values are maps like others.
  if (!CERTAIN.has(error.code) || error.summary.includes('$')) return [];
  const { message, hint } = explainError(text, error);
  return [{ code: 'wrong_type', message, ...suggest(hint) }];
}

function noSuchKey(
  text: string,
  error: ParseError | TypeProblem,
  environment: Environment,
  table: TypeTable,
): Unplaced[] {
  const node = error.node as ASTNode | undefined;
  if (node?.op !== '.' && node?.op !== '[]') return [];
  const [receiver, key] = node.args;
  const name = typeof key === 'string' ? key : String(key.args);
  const { type = '' } = environment.check(text.slice(receiver.start, receiver.end));
  const fields = table.fields.get(type);
  const known = fields?.names ?? [];
  const suggestion =
    didYouMean(name, known) ?? (known.length > 0 ? `there are ${known.join(', ')}` : undefined);
  return [
    {
      code: 'unknown_field',
      message: `\`${text}\`: nothing says that there is a field \`${name}\``,
      ...suggest(suggestion),
      ...(fields?.closed !== true && { warning: true as const }),
    },
  ];
}

function misplaced(type: string, site: WholeSite, catalog: ActionCatalog | undefined): Unplaced[] {
  if (!site.whole || type.startsWith('dyn')) return [];
  switch (site.use) {
    case 'condition':
      return type === 'bool'
        ? []
        : [wrong(`a condition must give true or false, and this gives ${nameOf(type)}`)];
    case 'list':
      return type.startsWith('list') || site.below.length > 0
        ? []
        : [wrong(`forEach needs a list, and this gives ${nameOf(type)}`)];
    case 'input':
      return misgiven(type, site, catalog);
    case 'text':
      return [];
  }
}

/** An input of an action that takes only other types. */
function misgiven(
  type: string,
  { step, path, below }: WholeSite,
  catalog: ActionCatalog | undefined,
): Unplaced[] {
  const [input, ...deeper] = below;
  if (step?.kind !== 'action' || !path.includes('with') || deeper.length > 0) return [];
  const properties = catalog?.find(step.uses)?.input['properties'];
  const property = isObject(properties) && input !== undefined ? properties[input] : undefined;
  const allowed = typesAllowed(property);
  const given = JSON_TYPES.find(([pattern]) => pattern.test(type))?.[1] ?? [];
  if (allowed.length === 0 || given.length === 0 || given.some((each) => allowed.includes(each))) return [];
  return [wrong(`the input \`${input}\` takes ${allowed.join(' or ')}, and this gives ${nameOf(type)}`)];
}

function typesAllowed(schema: JsonValue | undefined): JsonValue[] {
  // A file of it is made of whatever is given.
  const type = isObject(schema) && schema['format'] !== 'artifact' ? schema['type'] : undefined;
  return type === undefined ? [] : [type].flat();
}

/** What values of a type are in JSON. */
const JSON_TYPES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(string|google\.protobuf\..*)$/, ['string']],
  [/^(int|uint|double)$/, ['number', 'integer']],
  [/^bool$/, ['boolean']],
  [/^list/, ['array']],
  [/^(map|\$)/, ['object']],
  [/^null$/, ['null']],
];

function nameOf(type: string): string {
  return JSON_TYPES.find(([pattern]) => pattern.test(type))?.[1][0] ?? type;
}

function wrong(message: string): Unplaced {
  return { code: 'wrong_type', message };
}
