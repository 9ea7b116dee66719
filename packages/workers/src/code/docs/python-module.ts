import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/python';
import { docstringOf, parseDocstring } from './docstring.ts';
import type { Comment, DocumentedModule, DocumentedSymbol, Fault, Parameter } from './documented-module.ts';
import { oneLine, shortValue } from './signature.ts';
import { childrenOf, faultIn, lineAt } from './syntax-node.ts';

/** Decorators that change how a thing is used. */
const TOLD_DECORATORS =
  /^@(staticmethod|classmethod|abstractmethod|abc\.abstractmethod|(?:dataclasses\.)?dataclass)\b/;

/** What a module shows: `__all__` where there is one, else every name without an underscore. */
export function readPython(
  path: string,
  text: string,
): { readonly module: DocumentedModule; readonly fault: Fault | undefined } {
  const root = parser.parse(text).topNode;
  const read = (node: SyntaxNode) => text.slice(node.from, node.to);
  const statements = statementsOf(root, read);
  const all = listedNames(statements, read);
  const symbols = symbolsIn(statements, { text, read, path, owner: 'module' });
  const imported = importedNames(statements, read);
  const isPublic = (name: string) => (all === undefined ? !name.startsWith('_') : all.has(name));
  const comment = docstringIn(statements, read);
  const own = new Set(symbols.map(({ name }) => name));
  const module: DocumentedModule = {
    path,
    language: 'python',
    symbols: symbols.filter(({ name }) => isPublic(name)),
    handedOn: [...(all ?? [])].filter((name) => !own.has(name) && imported.has(name)),
    names: new Set([...own, ...imported]),
    ...(comment === undefined ? {} : { comment }),
  };
  return { module, fault: faultIn(root, text) };
}

interface Place {
  readonly text: string;
  readonly read: (node: SyntaxNode) => string;
  readonly path: string;
  readonly owner: 'module' | 'class';
}

/** With those of `if` and `try`, where definitions for some versions or systems stand. */
function statementsOf(body: SyntaxNode, read: (node: SyntaxNode) => string): SyntaxNode[] {
  return childrenOf(body).flatMap((node) => {
    if (node.name !== 'IfStatement' && node.name !== 'TryStatement') return [node];
    if (/^if\s*\(?\s*__name__\b/.test(read(node))) return [];
    return childrenOf(node)
      .filter(({ name }) => name === 'Body')
      .flatMap((inner) => statementsOf(inner, read));
  });
}

function symbolsIn(statements: readonly SyntaxNode[], place: Place): DocumentedSymbol[] {
  const symbols = new Map<string, DocumentedSymbol>();
  for (const [index, statement] of statements.entries()) {
    for (const symbol of symbolOf(statement, statements[index + 1], place)) {
      const earlier = symbols.get(symbol.name);
      symbols.set(symbol.name, earlier === undefined ? symbol : joined(earlier, symbol));
    }
  }
  return [...symbols.values()].map(({ signatures, ...symbol }) => ({
    ...symbol,
    signatures: signatures.map((signature) => signature.replace(OVERLOAD, '')),
  }));
}

const OVERLOAD = '\u0000';

/** The first definition is shown, but for overloads: all of them, and what the last one says. */
function joined(earlier: DocumentedSymbol, later: DocumentedSymbol): DocumentedSymbol {
  if (!earlier.signatures.some((signature) => signature.includes(OVERLOAD))) return earlier;
  const comment = earlier.comment ?? later.comment;
  const declared = later.signatures.filter((signature) => signature.includes(OVERLOAD));
  return {
    ...earlier,
    signatures: [...earlier.signatures, ...declared],
    parameters: later.parameters,
    ...(comment === undefined ? {} : { comment }),
  };
}

function symbolOf(statement: SyntaxNode, next: SyntaxNode | undefined, place: Place): DocumentedSymbol[] {
  const { read } = place;
  const decorators = childrenOf(statement)
    .filter(({ name }) => name === 'Decorator')
    .map((node) => read(node).trim());
  const definition =
    statement.name === 'DecoratedStatement'
      ? childrenOf(statement).find(({ name }) => name.endsWith('Definition'))
      : statement;
  if (definition?.name === 'FunctionDefinition') return functionOf(definition, decorators, place);
  if (definition?.name === 'ClassDefinition') return [classOf(definition, decorators, place)];
  if (definition?.name === 'AssignStatement') return assigned(definition, next, place);
  if (definition?.name === 'TypeDefinition') {
    return [{ ...symbolAt(definition, place), kind: 'type', signatures: [oneLine(read(definition))] }];
  }
  return [];
}

function symbolAt(
  node: SyntaxNode,
  { text, read, path }: Place,
): Omit<DocumentedSymbol, 'kind' | 'signatures'> {
  const name = node.getChild('VariableName');
  return {
    name: name === null ? '' : read(name),
    parameters: [],
    members: [],
    line: lineAt(text, node.from),
    file: path,
  };
}

function functionOf(node: SyntaxNode, decorators: readonly string[], place: Place): DocumentedSymbol[] {
  // A setter or deleter belongs to the property that was there before.
  if (decorators.some((one) => /^@[\w.]+\.(setter|deleter)$/.test(one))) return [];
  const { read } = place;
  const list = node.getChild('ParamList');
  const isBound = place.owner === 'class' && !decorators.includes('@staticmethod');
  const parameters = list === null ? [] : parametersOf(list, read).slice(Number(isBound));
  const returns = node.getChild('TypeDef');
  const comment = commentIn(node, decorators, read);
  const symbol = symbolAt(node, place);
  const isProperty = decorators.some((one) => /^@(property|(functools\.)?cached_property)\b/.test(one));
  const answer = returns === null ? undefined : oneLine(read(returns).replace(/^->\s*/, ''));
  const head = `${told(decorators)}${headOf(node, read)}`;
  const isOverload = decorators.some((one) => /^@(typing\.)?overload$/.test(one));
  const kind = isProperty ? 'property' : place.owner === 'class' ? 'method' : 'function';
  return [
    {
      ...symbol,
      kind: symbol.name === '__init__' ? 'constructor' : kind,
      signatures: isProperty
        ? [`${symbol.name}${answer === undefined ? '' : `: ${answer}`}`]
        : [head + (isOverload ? OVERLOAD : '')],
      parameters: isProperty ? [] : parameters,
      ...(answer === undefined || isProperty ? {} : { returns: answer }),
      ...(comment === undefined ? {} : { comment }),
    },
  ];
}

function classOf(node: SyntaxNode, decorators: readonly string[], place: Place): DocumentedSymbol {
  const body = node.getChild('Body');
  const comment = commentIn(node, decorators, place.read);
  const inside = body === null ? [] : symbolsIn(statementsOf(body, place.read), { ...place, owner: 'class' });
  return {
    ...symbolAt(node, place),
    kind: 'class',
    signatures: [`${told(decorators)}${headOf(node, place.read)}`],
    // Methods of the language are of interest when somebody wrote about them, and how to make one always.
    members: inside.filter(({ name, comment: said, parameters }) =>
      /^__\w+__$/.test(name)
        ? said !== undefined || (name === '__init__' && parameters.length > 0)
        : !name.startsWith('_'),
    ),
    ...(comment === undefined ? {} : { comment }),
  };
}

function told(decorators: readonly string[]): string {
  return decorators
    .filter((one) => TOLD_DECORATORS.test(one))
    .map((one) => `${oneLine(one)}\n`)
    .join('');
}

function headOf(node: SyntaxNode, read: (node: SyntaxNode) => string): string {
  const body = node.getChild('Body');
  const text = read(node);
  return oneLine(body === null ? text : text.slice(0, body.from - node.from));
}

/** Names between commas, with the type and the value that follow them. */
function parametersOf(list: SyntaxNode, read: (node: SyntaxNode) => string): Parameter[] {
  const parameters: { name: string; type?: string; fallback?: string }[] = [];
  let hasValue = false;
  for (const node of childrenOf(list)) {
    const last = parameters.at(-1);
    if (node.name === ',') hasValue = false;
    else if (node.name === 'AssignOp') hasValue = true;
    else if (node.name === 'TypeDef' && last) last.type = oneLine(read(node).replace(/^:\s*/, ''));
    else if (hasValue && last && node.name !== ')') {
      const short = shortValue(read(node));
      if (short !== undefined) last.fallback = short;
      hasValue = false;
    } else if (node.name === 'VariableName') parameters.push({ name: read(node) });
  }
  return parameters;
}

/** `NAME = value` with `#:` before or behind it, or a string below it. */
function assigned(node: SyntaxNode, next: SyntaxNode | undefined, place: Place): DocumentedSymbol[] {
  const { read, text, owner } = place;
  const [target, ...rest] = childrenOf(node);
  if (target?.name !== 'VariableName' || rest.some(({ name }) => name === ',')) return [];
  const type = node.getChild('TypeDef');
  const value = rest.length > 1 ? rest.at(-1) : undefined;
  const name = read(target);
  const short = value === undefined || value.name === 'TypeDef' ? undefined : shortValue(read(value));
  const signature = `${name}${type === null ? '' : oneLine(read(type))}${short === undefined ? '' : ` = ${short}`}`;
  const said =
    hashComment(text, node) ??
    (next?.name === 'ExpressionStatement' ? docstringOf(read(next).trim()) : undefined);
  const isConstant = /^[A-Z][A-Z0-9_]*$/.test(name);
  return [
    {
      ...symbolAt(node, place),
      name,
      kind: owner === 'class' ? 'property' : isConstant ? 'constant' : 'variable',
      signatures: [signature],
      ...(said === undefined ? {} : { comment: parseDocstring(said) }),
    },
  ];
}

function hashComment(text: string, node: SyntaxNode): string | undefined {
  const behind = /^[ \t]*#: ?(.*)/.exec(text.slice(node.to, endOfLine(text, node.to)))?.[1];
  if (behind !== undefined) return behind.trim();
  const lines = text.slice(0, node.from).split('\n').slice(0, -1);
  const start = lines.findLastIndex((line) => !/^\s*#:/.test(line)) + 1;
  const above = lines.slice(start).map((line) => line.replace(/^\s*#: ?/, ''));
  return above.length === 0 ? undefined : above.join('\n').trim();
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

function commentIn(
  node: SyntaxNode,
  decorators: readonly string[],
  read: (node: SyntaxNode) => string,
): Comment | undefined {
  const body = node.getChild('Body');
  const said =
    body === null
      ? undefined
      : docstringIn(
          childrenOf(body).filter(({ name }) => name !== ':'),
          read,
        );
  const deprecated = decorators
    .map((one) => /^@(?:[\w.]+\.)?deprecated\(\s*(["'])(.*?)\1/s.exec(one)?.[2])
    .find(Boolean);
  if (deprecated === undefined) return said;
  return { ...(said ?? parseDocstring('')), deprecated };
}

function docstringIn(
  statements: readonly SyntaxNode[],
  read: (node: SyntaxNode) => string,
): Comment | undefined {
  const first = statements.find(({ name }) => name !== 'Comment');
  const text = first?.name === 'ExpressionStatement' ? docstringOf(read(first).trim()) : undefined;
  return text === undefined || text === '' ? undefined : parseDocstring(text);
}

/** The strings of `__all__ = […]`; undefined when there is none, or one that is computed. */
function listedNames(
  statements: readonly SyntaxNode[],
  read: (node: SyntaxNode) => string,
): ReadonlySet<string> | undefined {
  let names: Set<string> | undefined;
  for (const node of statements) {
    const [target] = childrenOf(node);
    if (target === undefined || read(target) !== '__all__') continue;
    const list = node.getChild('ArrayExpression') ?? node.getChild('TupleExpression');
    if (list === null) return undefined;
    names ??= new Set();
    for (const item of list.getChildren('String')) names.add(docstringOf(read(item)) ?? '');
  }
  return names;
}

function importedNames(
  statements: readonly SyntaxNode[],
  read: (node: SyntaxNode) => string,
): ReadonlySet<string> {
  const imports = statements.filter(({ name }) => name === 'ImportStatement');
  return new Set(imports.flatMap((node) => read(node).match(/[\p{ID_Start}_][\p{ID_Continue}]*/gu) ?? []));
}
