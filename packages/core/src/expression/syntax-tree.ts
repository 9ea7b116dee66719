import type { ASTNode } from '@marcbachmann/cel-js';

/** Methods whose first input is the name of a variable of their own. */
export const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** The nodes directly below a node, in the order of the text. */
export function children(node: ASTNode): ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

export function countNodes(node: ASTNode): number {
  return 1 + children(node).reduce((sum, child) => sum + countNodes(child), 0);
}

/** A name of the scope and the fields read from it: `steps.format.output` is `steps` and `['format', 'output']`. */
export interface Access {
  readonly name: string;
  /** As far as the fields are written out; it ends before an index that is itself computed. */
  readonly fields: readonly string[];
  readonly start: number;
  readonly end: number;
}

/** Everything that an expression reads from its scope. Variables that macros bring in are not of the scope. */
export function accesses(node: ASTNode): Access[] {
  return collect(node, new Set());
}

function collect(node: ASTNode, own: ReadonlySet<string>): Access[] {
  const access = readAccess(node);
  if (access !== undefined) return own.has(access.name) ? [] : [access];
  if (node.op === 'rcall' && MACROS.has(node.args[0])) {
    const [, receiver, [variable, ...body]] = node.args;
    const inner = variable?.op === 'id' ? new Set([...own, variable.args]) : own;
    return [...collect(receiver, own), ...body.flatMap((part) => collect(part, inner))];
  }
  return children(node).flatMap((child) => collect(child, own));
}

function readAccess(node: ASTNode): Access | undefined {
  if (node.op === 'id') return { name: node.args, fields: [], start: node.start, end: node.end };
  const field = readField(node);
  if (field === undefined) return undefined;
  const access = readAccess(field.of);
  return access && { ...access, fields: [...access.fields, field.name], end: node.end };
}

function readField(node: ASTNode): { of: ASTNode; name: string } | undefined {
  switch (node.op) {
    case '.':
    case '.?':
      return { of: node.args[0], name: node.args[1] };
    case '[]':
    case '[?]': {
      const [of, index] = node.args;
      return index.op === 'value' && typeof index.args === 'string' ? { of, name: index.args } : undefined;
    }
    default:
      return undefined;
  }
}
