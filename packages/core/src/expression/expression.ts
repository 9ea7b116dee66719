import type { ASTNode, EvaluationError, ParseError, SourceRange, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import { CadreError, isCadreError } from '../errors.ts';
import { LANGUAGE, METERED } from './environment.ts';
import { meteredText } from './metered-text.ts';
import { type Access, accesses, children } from './syntax-tree.ts';

/** A compiled expression: the text between `${{` and `}}`. */
export interface Expression {
  readonly text: string;
  readonly accesses: readonly Access[];
  /** True when it does nothing but read from the scope: what it gives is JSON already. */
  readonly plain: boolean;
  /** The name when the whole expression is `secrets.NAME`. */
  readonly secret?: string;
  /** Must be called within `withFuel`. Throws what the library throws. */
  readonly run: (variables: ReadonlyMap<string, unknown>) => unknown;
}

const LONGEST_TEXT = 8_192;

/** A workflow has some dozens of expressions; what is compiled is kept for this many of the last used. */
const CACHE_SIZE = 500;
const cache = new Map<string, Expression>();

/** Throws `invalid_expression`, with the position within the expression, where syntax or types are wrong. */
export function compileExpression(text: string): Expression {
  const known = cache.get(text);
  // Put last again: the first in the map is the one not used for longest.
  cache.delete(text);
  const expression = known ?? compile(text);
  cache.set(text, expression);
  if (cache.size > CACHE_SIZE) cache.delete(cache.keys().next().value ?? '');
  return expression;
}

function compile(text: string): Expression {
  if (text.length > LONGEST_TEXT) {
    throw expressionError(text, `it is longer than ${LONGEST_TEXT} characters`, { hint: 'split it into steps' });
  }
  try {
    const parsed = LANGUAGE.parse(text);
    assertAllowed(text, parsed.ast);
    const checked = parsed.check();
    if (checked.error !== undefined) throw checked.error;
    const read = accesses(parsed.ast);
    return {
      text,
      accesses: read,
      plain: read.length === 1 && read[0]?.start === parsed.ast.start && read[0].end === parsed.ast.end && isPath(parsed.ast),
      ...secretOf(text, parsed.ast, read),
      run: METERED.parse(meteredText(parsed.ast)),
    };
  } catch (error) {
    throw explainError(text, error);
  }
}

function isPath(node: ASTNode): boolean {
  return node.op === 'id' || (node.op === '.' && isPath(node.args[0]));
}
