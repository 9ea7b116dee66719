import type { Tree } from '../built-in/javascript-tree.ts';
import type { Comment, DocumentedSymbol, Parameter } from './documented-module.ts';
import { isJsDoc, isModuleComment, parseJsDoc } from './jsdoc.ts';
import { oneLine, shortValue, shownCode } from './signature.ts';

type Kind = DocumentedSymbol['kind'];

const FUNCTION_VALUES = new Set(['arrow_function', 'function_expression', 'generator_function']);
const CLASS_KINDS = new Set(['class_declaration', 'abstract_class_declaration', 'class']);
const FUNCTION_KINDS = new Set([
  'function_declaration',
  'generator_function_declaration',
  'function_signature',
  'function_expression',
  'arrow_function',
]);

/** What a declaration brings into being: several for `const a = 1, b = 2`, none for what has no name. */
export function symbolsOf(declaration: Tree, commented: Tree, file: string): DocumentedSymbol[] {
  const kind = String(declaration.kind());
  const comment = commentBefore(commented);
  const make = (symbol: Partial<DocumentedSymbol> & { kind: Kind; signatures: readonly string[] }) =>
    symbolFrom(declaration, comment, file, symbol);
  if (kind === 'ambient_declaration') {
    const inner = declaration
      .children()
      .find((child) => child.isNamed() && String(child.kind()) !== 'comment');
    return inner === undefined ? [] : symbolsOf(inner, commented, file);
  }
  if (FUNCTION_KINDS.has(kind)) {
    return [make({ kind: 'function', signatures: [headOf(declaration)], ...callOf(declaration) })];
  }
  if (CLASS_KINDS.has(kind)) {
    const members = membersOf(declaration.field('body'), file);
    return [make({ kind: 'class', signatures: [headOf(declaration)], members })];
  }
  if (kind === 'interface_declaration') {
    const members = membersOf(declaration.field('body'), file);
    return [make({ kind: 'interface', signatures: [headOf(declaration)], members })];
  }
  if (kind === 'type_alias_declaration') {
    return [make({ kind: 'type', signatures: [shownCode(declaration.text().replace(/;$/, ''))] })];
  }
  if (kind === 'enum_declaration') {
    const members = enumMembers(declaration.field('body'), file);
    return [make({ kind: 'enum', signatures: [headOf(declaration)], members })];
  }
  if (kind === 'internal_module' || kind === 'module') {
    const statements = declaration.field('body')?.namedChildren() ?? [];
    const members = statements
      .filter((one) => String(one.kind()) === 'export_statement')
      .flatMap((one) => {
        const inner = one.field('declaration');
        return inner === null ? [] : symbolsOf(inner, one, file);
      });
    return [make({ kind: 'namespace', signatures: [headOf(declaration)], members: joinOverloads(members) })];
  }
  if (kind === 'lexical_declaration' || kind === 'variable_declaration') {
    const word = declaration.child(0)?.text() ?? 'const';
    return declaration
      .namedChildren()
      .filter((one) => String(one.kind()) === 'variable_declarator')
      .flatMap((one) => variables(one, word, comment, file));
  }
  return [];
}

/** The comment that belongs to a node: a JSDoc comment before it, with nothing but other comments in between. */
export function commentBefore(node: Tree): Comment | undefined {
  for (
    let before = node.prev();
    before !== null && String(before.kind()) === 'comment';
    before = before.prev()
  ) {
    if (!isJsDoc(before.text())) continue;
    return isModuleComment(before.text()) ? undefined : parseJsDoc(before.text());
  }
  return undefined;
}

/** Overloads are one symbol with several signatures; the last one of a function with overloads is nobody's to call. */
export function joinOverloads(symbols: readonly DocumentedSymbol[]): DocumentedSymbol[] {
  return [...Map.groupBy(symbols, ({ name, kind, file }) => `${kind} ${name} ${file}`).values()]
    .map((same) => {
      const [first] = same as [DocumentedSymbol, ...DocumentedSymbol[]];
      if (same.length === 1) return first;
      const declared = same.filter(({ signatures }) => !signatures.every((text) => text.endsWith(BODY)));
      const shown = declared.length > 0 ? declared : same;
      const commented = same.find(({ comment }) => comment !== undefined);
      const parameters = shown.flatMap((one) => one.parameters);
      return {
        ...first,
        signatures: [...new Set(shown.flatMap(({ signatures }) => signatures.map(withoutMark)))],
        parameters: parameters.filter(
          ({ name }, index) => parameters.findIndex((one) => one.name === name) === index,
        ),
        members: same.flatMap(({ members }) => members),
        ...(commented?.comment === undefined ? {} : { comment: commented.comment }),
      };
    })
    .map((symbol) => ({ ...symbol, signatures: symbol.signatures.map(withoutMark) }));
}

/** Tells an implementation from the overloads before it, until they are joined. */
const BODY = '\u0000';

function withoutMark(signature: string): string {
  return signature.replaceAll(BODY, '');
}

function symbolFrom(
  node: Tree,
  comment: Comment | undefined,
  file: string,
  symbol: Partial<DocumentedSymbol> & { kind: Kind; signatures: readonly string[] },
): DocumentedSymbol {
  return {
    name: node.field('name')?.text() ?? 'default',
    parameters: [],
    members: [],
    line: node.range().start.line + 1,
    file,
    ...symbol,
    ...(comment === undefined ? {} : { comment }),
  };
}

/** Everything up to the body. */
function headOf(node: Tree): string {
  const body = node.field('body');
  if (body === null) return oneLine(node.text().replace(/;$/, ''));
  const head = node.text().slice(0, body.range().start.index - node.range().start.index);
  const isBlock = String(body.kind()) === 'statement_block';
  return oneLine(head.replace(/=>\s*$/, '')) + (isBlock ? BODY : '');
}

export function callOf(node: Tree): Pick<DocumentedSymbol, 'parameters'> & { returns?: string } {
  const list = node.field('parameters') ?? node.field('parameter');
  const nodes = list === null ? [] : String(list.kind()) === 'identifier' ? [list] : list.namedChildren();
  const returns = node.field('return_type')?.text().replace(/^:\s*/, '');
  return {
    parameters: nodes
      .filter((one) => String(one.kind()) !== 'comment')
      .map(parameterOf)
      .filter(({ name }) => name !== 'this'),
    ...(returns === undefined ? {} : { returns: oneLine(returns) }),
  };
}

function parameterOf(node: Tree): Parameter {
  const pattern = node.field('pattern') ?? node.field('left') ?? node;
  const type = node.field('type')?.text().replace(/^:\s*/, '');
  const fallback = shortValue((node.field('value') ?? node.field('right'))?.text());
  return {
    name: oneLine(pattern.text()).replace(/^\.\.\./, ''),
    ...(type === undefined ? {} : { type: oneLine(type) }),
    ...(fallback === undefined ? {} : { fallback }),
  };
}

function variables(node: Tree, word: string, comment: Comment | undefined, file: string): DocumentedSymbol[] {
  const name = node.field('name');
  const value = node.field('value');
  if (name === null) return [];
  const kind = word === 'const' ? 'constant' : 'variable';
  if (String(name.kind()) !== 'identifier') {
    const taken = name.findAll({
      rule: { any: [{ kind: 'shorthand_property_identifier_pattern' }, { kind: 'identifier' }] },
    });
    return taken.map((one) => ({
      ...symbolFrom(node, comment, file, { kind, signatures: [`${word} ${one.text()}`] }),
      name: one.text(),
    }));
  }
  if (value !== null && FUNCTION_VALUES.has(String(value.kind()))) {
    const signatures = [`${word} ${name.text()} = ${withoutMark(headOf(value))}`];
    return [symbolFrom(node, comment, file, { kind: 'function', signatures, ...callOf(value) })];
  }
  if (value !== null && CLASS_KINDS.has(String(value.kind()))) {
    const members = membersOf(value.field('body'), file);
    return [
      symbolFrom(node, comment, file, {
        kind: 'class',
        signatures: [`${word} ${name.text()} = ${headOf(value)}`],
        members,
      }),
    ];
  }
  const type = node.field('type')?.text() ?? '';
  const short = shortValue(value?.text());
  const shown = short === undefined || (type !== '' && !/^[-\w.'"`]+$/.test(short)) ? '' : ` = ${short}`;
  return [
    symbolFrom(node, comment, file, { kind, signatures: [oneLine(`${word} ${name.text()}${type}`) + shown] }),
  ];
}

function membersOf(body: Tree | null, file: string): DocumentedSymbol[] {
  const members = (body?.namedChildren() ?? []).flatMap((node) => memberOf(node, file));
  return joinOverloads(members);
}

function memberOf(node: Tree, file: string): DocumentedSymbol[] {
  const access = node
    .children()
    .find((child) => String(child.kind()) === 'accessibility_modifier')
    ?.text();
  const name = node.field('name') ?? node.field('property');
  if (access === 'private' || access === 'protected') return [];
  if (name !== null && String(name.kind()) === 'private_property_identifier') return [];
  const comment = commentBefore(node);
  const make = (symbol: Partial<DocumentedSymbol> & { kind: Kind; signatures: readonly string[] }) => [
    {
      ...symbolFrom(node, comment, file, symbol),
      ...(name === null ? {} : { name: name.text() }),
      ...named(symbol),
    },
  ];
  switch (String(node.kind())) {
    case 'method_definition':
    case 'method_signature':
    case 'abstract_method_signature': {
      const isAccessor = node.children().some((child) => /^(get|set)$/.test(String(child.kind())));
      if (isAccessor) return make({ kind: 'property', signatures: [withoutMark(headOf(node))] });
      const kind = name?.text() === 'constructor' ? 'constructor' : 'method';
      return make({ kind, signatures: [headOf(node)], ...callOf(node) });
    }
    case 'public_field_definition':
    case 'field_definition':
    case 'property_signature': {
      const value = node.field('value');
      if (value !== null && FUNCTION_VALUES.has(String(value.kind()))) {
        const head = `${node.text().slice(0, value.range().start.index - node.range().start.index)}${headOf(value)}`;
        return make({ kind: 'method', signatures: [withoutMark(oneLine(head))], ...callOf(value) });
      }
      const isLong = value !== null && shortValue(value.text()) === undefined;
      const text = isLong
        ? node
            .text()
            .slice(0, value.range().start.index - node.range().start.index)
            .replace(/=\s*$/, '')
        : node.text();
      return make({ kind: 'property', signatures: [oneLine(text)] });
    }
    case 'call_signature':
      return make({ kind: 'method', name: '(call)', signatures: [oneLine(node.text())], ...callOf(node) });
    case 'construct_signature':
      return make({ kind: 'constructor', name: 'new', signatures: [oneLine(node.text())], ...callOf(node) });
    case 'index_signature':
      return make({ kind: 'property', name: '[index]', signatures: [oneLine(node.text())] });
    default:
      return [];
  }
}

function named({ name }: Partial<DocumentedSymbol>): { name?: string } {
  return name === undefined ? {} : { name };
}

function enumMembers(body: Tree | null, file: string): DocumentedSymbol[] {
  return (body?.namedChildren() ?? [])
    .filter((node) => /^(property_identifier|string|enum_assignment)$/.test(String(node.kind())))
    .map((node) => ({
      ...symbolFrom(node, commentBefore(node), file, { kind: 'member', signatures: [oneLine(node.text())] }),
      name: node.field('name')?.text() ?? node.text(),
    }));
}
