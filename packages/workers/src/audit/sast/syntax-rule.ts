import type { Rule } from '../rule.ts';

/** A condition on a node of the syntax tree, in the notation of ast-grep. */
export interface NodeRule {
  readonly pattern?: string;
  readonly kind?: string;
  readonly regex?: string;
  readonly any?: readonly NodeRule[];
  readonly all?: readonly NodeRule[];
  readonly not?: NodeRule;
  readonly has?: NodeRule & { readonly stopBy?: 'end' };
}

/** A flaw that a pattern over the syntax tree finds in JavaScript and TypeScript. */
export interface SyntaxRule extends Rule {
  readonly kind: 'sast';
  /** Cheap test of the text: parsing costs a hundred times as much. */
  readonly likely?: RegExp;
  readonly match: NodeRule;
  readonly constraints?: Readonly<Record<string, NodeRule>>;
  /** Only where there is JSX: its nodes do not exist in plain TypeScript. */
  readonly jsx?: boolean;
}

export const syntaxRule = (given: Omit<SyntaxRule, 'kind'>): SyntaxRule => ({ kind: 'sast', ...given });

/** A pattern with one or more arguments: `$$$` also needs the comma before it. */
export const call = (callee: string, ...args: readonly string[]): NodeRule => ({
  any: [{ pattern: `${callee}(${args.join(', ')})` }, { pattern: `${callee}(${args.join(', ')}, $$$REST)` }],
});

export const TEMPLATE: NodeRule = { kind: 'template_string', has: { kind: 'template_substitution' } };
const LITERAL: NodeRule = {
  any: [
    { kind: 'string' },
    { kind: 'number' },
    { kind: 'null' },
    { kind: 'undefined' },
    { kind: 'true' },
    { kind: 'false' },
    { kind: 'template_string', not: { has: { kind: 'template_substitution' } } },
  ],
};
export const VALUE: NodeRule = { not: LITERAL };
export const BUILT: NodeRule = {
  any: [TEMPLATE, { kind: 'binary_expression', has: { any: [{ kind: 'string' }, TEMPLATE] } }],
};
/** Something in the arguments comes from elsewhere; functions are callbacks. */
export const FROM_ELSEWHERE: NodeRule = {
  kind: 'arguments',
  has: {
    any: [
      { kind: 'identifier' },
      { kind: 'member_expression' },
      { kind: 'call_expression' },
      BUILT,
      { kind: 'array', has: { not: LITERAL, regex: '\\w' } },
    ],
  },
};
