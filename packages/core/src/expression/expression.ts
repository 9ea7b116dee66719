import type { ASTNode } from '@marcbachmann/cel-js';
import { CadreError } from '../errors.ts';
import { language, meteredLanguage } from './environment.ts';
import { explainError } from './explain-error.ts';
import { meteredText } from './metered-text.ts';
import { type Access, accesses } from './syntax-tree.ts';

/** A compiled expression: the text between `${{` and `}}`. */
export interface Expression {
  readonly text: string;
  readonly accesses: readonly Access[];
  /** True when it does nothing but read from the scope: what it gives is JSON already. */
  readonly plain: boolean;
  /** The name when the whole expression is `secrets.NAME`. */
  readonly secret?: string;
  /** Must be called within `withFuel`. Throws whatever the library throws. */
  readonly run: (variables: ReadonlyMap<string, unknown>) => unknown;
}

const LONGEST_TEXT = 8_192;

/** A workflow has some dozens of expressions; this many of the last used are kept compiled. */
const CACHE_SIZE = 500;
const cache = new Map<string, Expression>();

/** Throws `invalid_expression`, with the place within the expression, where its syntax or its types are wrong. */
export function compileExpression(text: string): Expression {
  const expression = cache.get(text) ?? compile(text);
  // Put last again: the first key of the map is the one that was not used for longest.
  cache.delete(text);
  cache.set(text, expression);
  if (cache.size > CACHE_SIZE) cache.delete(cache.keys().next().value ?? text);
  return expression;
}

function compile(text: string): Expression {
  try {
    assertLength(text);
    const parsed = language().parse(text);
    const read = accesses(parsed.ast).filter(
      (access) => access.name === 'cel' || !language().hasVariable(access.name),
    );
    const secret = isDotted(parsed.ast) ? secretName(read) : undefined;
    if (secret === undefined) read.forEach(assertAllowed);
    const checked = parsed.check();
    if (checked.error !== undefined) throw checked.error;
    const metered = meteredLanguage().parse(meteredText(parsed.ast));
    return {
      text,
      accesses: read,
      plain: isPath(parsed.ast),
      ...(secret !== undefined && { secret }),
      run: (variables) => metered(variables),
    };
  } catch (error) {
    throw explainError(text, error);
  }
}

function assertLength(text: string): void {
  if (text.length <= LONGEST_TEXT) return;
  throw new CadreError('invalid_expression', `it is longer than ${LONGEST_TEXT} characters`, {
    hint: 'split the expression into steps',
  });
}

/** A name and fields of it, written with dots or as texts in brackets. */
function isPath(node: ASTNode): boolean {
  if (node.op !== '[]') return isName(node) || (node.op === '.' && isPath(node.args[0]));
  const [of, index] = node.args;
  return index.op === 'value' && typeof index.args === 'string' && isPath(of);
}

function isDotted(node: ASTNode): boolean {
  return isName(node) || (node.op === '.' && isDotted(node.args[0]));
}

function isName(node: ASTNode): boolean {
  return node.op === 'id' && !language().hasVariable(node.args);
}

function secretName(read: readonly Access[]): string | undefined {
  const [access] = read;
  return access?.name === 'secrets' && access.fields.length === 1 ? access.fields[0] : undefined;
}

function assertAllowed(access: Access): void {
  const refusal = REFUSALS.get(access.name);
  if (refusal === undefined || access.fields.length > refusal.fields) return;
  throw new CadreError('invalid_expression', refusal.reason, { hint: refusal.hint });
}

interface Refusal {
  /** Refused unless more than so many fields are written after the name. */
  readonly fields: number;
  readonly reason: string;
  readonly hint: string;
}

const REFUSALS: ReadonlyMap<string, Refusal> = new Map([
  [
    'cel',
    {
      fields: Number.POSITIVE_INFINITY,
      reason: 'cel.bind is not allowed',
      hint: 'compute the value in a step of its own',
    },
  ],
  [
    'secrets',
    {
      fields: Number.POSITIVE_INFINITY,
      reason: 'a secret may not be part of an expression',
      hint: 'write exactly ${{ secrets.NAME }} as a whole value in `with` or `env`',
    },
  ],
  [
    'steps',
    { fields: 0, reason: 'the step must be named in the text', hint: 'write steps.ID or steps["ID"]' },
  ],
]);
