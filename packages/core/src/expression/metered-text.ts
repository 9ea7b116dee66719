import type { ASTNode } from '@marcbachmann/cel-js';
import { countNodes, MACROS } from './syntax-tree.ts';

/**
 * The text of a checked expression with everything that can cost something put through `__spend…`, which counts fuel.
 * It is written anew from the tree and not patched in place, because a node's range leaves out parentheses around its
 * first operand: `(a).b` begins within them. `+` copies its operands, macros walk their receiver, comparing walks values
 * as deep as they go, and what the library does in more than linear time is replaced.
 */
export function meteredText(node: ASTNode): string {
  return print(node, 0);
}

/** How tightly each operator binds; a child that binds less is put in parentheses. */
const LEVELS: Readonly<Record<string, number>> = {
  '?:': 0,
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  in: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
  '!_': 7,
  '-_': 7,
};
const PRIMARY = 8;

/** What these give is a number, a truth value or something written in the expression itself: small by nature. */
const SMALL = new Set([
  'value',
  '!_',
  '-_',
  '||',
  '&&',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  '-',
  '*',
  '/',
  '%',
]);

/** Methods of optional values, which must see the optional itself. */
const OPTIONAL_METHODS = new Set(['hasValue', 'value', 'or', 'orValue']);

/** Methods of which the library's own can be made to take quadratic time or more: see replacements.ts. */
const REPLACED = new Set(['matches', 'join', 'contains', 'indexOf', 'lastIndexOf', 'split']);

/** `getHours("Europe/Berlin")` and the like look up a time zone, which is slow. */
const ZONED = /^get[A-Z]/;

function print(node: ASTNode, level: number): string {
  const text = printBare(node);
  return (LEVELS[node.op] ?? PRIMARY) < level ? `(${text})` : text;
}

function printBare(node: ASTNode): string {
  switch (node.op) {
    case 'value':
      return node.input.slice(node.start, node.end);
    case 'id':
      return node.args;
    case '.':
    case '.?':
      return `${print(node.args[0], PRIMARY)}${node.op}${node.args[1]}`;
    case '[]':
      return `${print(node.args[0], PRIMARY)}[${read(node.args[1])}]`;
    case '[?]':
      return `${print(node.args[0], PRIMARY)}[?${read(node.args[1])}]`;
    case 'list':
      return `[${node.args.map((element) => print(element, 0)).join(', ')}]`;
    case 'map':
      return `{${node.args.map(([key, value]) => `${print(key, 0)}: ${print(value, 0)}`).join(', ')}}`;
    case 'call':
      return printCall(node.args[0], node.args[1]);
    case 'rcall':
      return printMethod(...node.args);
    case '?:':
      return `${print(node.args[0], 1)} ? ${print(node.args[1], 0)} : ${print(node.args[2], 0)}`;
    case '!_':
    case '-_':
      return `${node.op[0]}${print(node.args, LEVELS[node.op] ?? PRIMARY)}`;
    case '||':
    case '&&':
      return printBinary(node, (operand, level) => print(operand, level));
    case '+':
      return printSum(node.args, 1);
    case '==':
    case '!=':
      return printComparison(node);
    case 'in':
      return `${read(node.args[0])} in __spendMembers(${print(node.args[1], 0)})`;
    default:
      return printBinary(node, readAt);
  }
}

type BinaryNode = Extract<ASTNode, { readonly args: [ASTNode, ASTNode] }>;

function printBinary(node: BinaryNode, operand: (node: ASTNode, level: number) => string): string {
  const level = LEVELS[node.op] ?? 0;
  return `${operand(node.args[0], level)} ${node.op} ${operand(node.args[1], level + 1)}`;
}

/** In `a + b + c` what stands first is copied twice. */
function printSum([first, second]: [ASTNode, ASTNode], copies: number): string {
  const start = first.op === '+' ? printSum(first.args, copies + 1) : measured(first, copies);
  return `${start} + ${measured(second, copies)}`;
}

/** Comparing with a literal is cheap whatever the other side is. */
function printComparison(node: BinaryNode): string {
  const [first, second] = node.args;
  const cheap = first.op === 'value' || second.op === 'value';
  return printBinary(node, (operand, level) =>
    cheap || SMALL.has(operand.op) ? print(operand, level) : `__spendWhole(${print(operand, 0)})`,
  );
}

function printCall(name: string, inputs: ASTNode[]): string {
  switch (name) {
    case 'has':
      // It looks at the path itself.
      return `has(${inputs.map(printBare).join(', ')})`;
    case 'duration':
      return `duration(${inputs.map((input) => `__short(${print(input, 0)})`).join(', ')})`;
    default:
      return `${name}(${inputs.map(read).join(', ')})`;
  }
}

function printMethod(name: string, receiver: ASTNode, inputs: ASTNode[]): string {
  const plain = () => inputs.map((input) => print(input, 0)).join(', ');
  if (MACROS.has(name)) return `${measured(receiver, turnCost(receiver, inputs))}.${name}(${plain()})`;
  if (OPTIONAL_METHODS.has(name)) return `${print(receiver, PRIMARY)}.${name}(${plain()})`;
  if (REPLACED.has(name)) return `__${name}(${[receiver, ...inputs].map(read).join(', ')})`;
  const printInput = ZONED.test(name) ? (zone: ASTNode) => `__zone(${print(zone, 0)})` : read;
  return `${readAt(receiver, PRIMARY)}.${name}(${inputs.map(printInput).join(', ')})`;
}

function measured(node: ASTNode, each: number): string {
  return node.op === 'value' ? printBare(node) : `__spend(${print(node, 0)}, ${each})`;
}

function read(node: ASTNode): string {
  return readAt(node, 0);
}

function readAt(node: ASTNode, level: number): string {
  return SMALL.has(node.op) ? print(node, level) : `__spend(${print(node, 0)}, 0)`;
}

/**
 * One turn of a macro costs one unit for every sixteen nodes of its body, begun, and one for every 500 characters of the
 * text, because an error that `exists` swallows walks the text up to its place.
 */
function turnCost(receiver: ASTNode, body: ASTNode[]): number {
  const nodes = body.reduce((sum, node) => sum + countNodes(node), 0);
  return 1 + Math.floor(nodes / 16) + Math.floor(receiver.input.length / 500);
}
