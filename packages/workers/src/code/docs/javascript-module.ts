import type { Tree } from '../built-in/javascript-tree.ts';
import type {
  Comment,
  DocumentedLanguage,
  DocumentedModule,
  DocumentedSymbol,
  Fault,
} from './documented-module.ts';
import { commentBefore, joinOverloads, symbolsOf } from './javascript-symbol.ts';
import { isJsDoc, isModuleComment, parseJsDoc } from './jsdoc.ts';
import { oneLine } from './signature.ts';

/** What a parsed file exports, by `export` or by CommonJS. */
export function readJavaScript(path: string, language: DocumentedLanguage, tree: Tree): DocumentedModule {
  const statements = tree.namedChildren();
  const local = new Map<string, DocumentedSymbol[]>();
  for (const statement of statements) {
    const declaration =
      String(statement.kind()) === 'export_statement' ? statement.field('declaration') : statement;
    if (declaration === null) continue;
    for (const symbol of symbolsOf(declaration, statement, path)) {
      local.set(symbol.name, [...(local.get(symbol.name) ?? []), symbol]);
    }
  }
  const handedOn: string[] = [];
  const exported = statements.flatMap((statement) => exportedBy(statement, path, local, handedOn));
  const comment = moduleComment(statements);
  return {
    path,
    language,
    symbols: joinOverloads(exported).filter(isShown).map(withShownMembers),
    handedOn,
    names: new Set([...local.keys(), ...importedNames(tree)]),
    ...(comment === undefined ? {} : { comment }),
  };
}

/** As `faultIn` for the other languages. */
export function javaScriptFault(tree: Tree): Fault | undefined {
  const faults = tree.findAll({ rule: { kind: 'ERROR' } });
  const between = faults.find((node) => node.parent()?.parent() === null);
  const first = between ?? faults[0];
  if (first === undefined) return undefined;
  return { line: first.range().start.line + 1, isInside: between === undefined };
}

export function isShown({ comment }: DocumentedSymbol): boolean {
  return comment?.hidden !== true;
}

function withShownMembers(symbol: DocumentedSymbol): DocumentedSymbol {
  return { ...symbol, members: symbol.members.filter(isShown).map(withShownMembers) };
}

type Local = ReadonlyMap<string, readonly DocumentedSymbol[]>;

function exportedBy(statement: Tree, path: string, local: Local, handedOn: string[]): DocumentedSymbol[] {
  if (String(statement.kind()) === 'expression_statement') return assigned(statement, path, local);
  if (String(statement.kind()) !== 'export_statement') return [];
  const isDefault = statement.children().some((child) => String(child.kind()) === 'default');
  const declaration = statement.field('declaration');
  if (declaration !== null) {
    const symbols = symbolsOf(declaration, statement, path);
    return isDefault ? symbols.map((symbol) => ({ ...symbol, name: nameOfDefault(symbol) })) : symbols;
  }
  const value = statement.field('value');
  if (value !== null) return valueAs('default', 'export default', value, statement, path, local);
  if (statement.field('source') !== null) {
    handedOn.push(
      oneLine(
        statement
          .text()
          .replace(/^export\s+/, '')
          .replace(/;$/, ''),
      ),
    );
    return [];
  }
  return statement.findAll({ rule: { kind: 'export_specifier' } }).flatMap((specifier) => {
    const name = specifier.field('name')?.text() ?? '';
    const alias = specifier.field('alias')?.text() ?? name;
    const symbols = local.get(name);
    if (symbols === undefined) handedOn.push(oneLine(specifier.text()));
    return (symbols ?? []).map((symbol) => ({ ...symbol, name: alias }));
  });
}

function nameOfDefault({ name }: DocumentedSymbol): string {
  return name === '' ? 'default' : name;
}

/** An expression, or a name of something declared in the file. */
function valueAs(
  name: string,
  words: string,
  value: Tree,
  statement: Tree,
  path: string,
  local: Local,
): DocumentedSymbol[] {
  const declared = String(value.kind()) === 'identifier' ? local.get(value.text()) : undefined;
  const comment = commentBefore(statement);
  const made = declared ?? symbolsOf(value, statement, path);
  if (made.length > 0) {
    return made.map((symbol) => ({
      ...symbol,
      name,
      ...(symbol.comment === undefined && comment !== undefined ? { comment } : {}),
    }));
  }
  return [
    {
      name,
      kind: 'constant',
      signatures: [words],
      parameters: [],
      members: [],
      line: statement.range().start.line + 1,
      file: path,
      ...(comment === undefined ? {} : { comment }),
    },
  ];
}

/** `exports.a = …`, `module.exports.a = …`, `module.exports = { a, b }` and `module.exports = a`. */
function assigned(statement: Tree, path: string, local: Local): DocumentedSymbol[] {
  const assignment = statement.namedChildren()[0];
  if (assignment === undefined || String(assignment.kind()) !== 'assignment_expression') return [];
  const left = assignment.field('left')?.text() ?? '';
  const right = assignment.field('right');
  const name = /^(?:module\.)?exports\.([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u.exec(left)?.[1];
  if (right === null) return [];
  if (name !== undefined) return valueAs(name, left, right, statement, path, local);
  if (left !== 'module.exports') return [];
  if (String(right.kind()) !== 'object') return valueAs('default', left, right, statement, path, local);
  return right.namedChildren().flatMap((member) => {
    const kind = String(member.kind());
    if (kind === 'shorthand_property_identifier') return [...(local.get(member.text()) ?? [])];
    const key = member.field('key')?.text();
    const value = member.field('value');
    if (kind !== 'pair' || key === undefined || value === null || !/^[\p{ID_Continue}$]+$/u.test(key))
      return [];
    return valueAs(key, key, value, member, path, local);
  });
}

/** The first comment says so itself, or something other than a declaration comes after it. */
function moduleComment(statements: readonly Tree[]): Comment | undefined {
  const from = statements.findIndex((one) => String(one.kind()) !== 'hash_bang_line');
  const first = statements[from];
  if (first === undefined || String(first.kind()) !== 'comment' || !isJsDoc(first.text())) return undefined;
  const next = statements
    .slice(from + 1)
    .find((one) => String(one.kind()) !== 'comment' || isJsDoc(one.text()));
  const isFree =
    next === undefined || /^(import_statement|comment|empty_statement)$/.test(String(next.kind()));
  return isFree || isModuleComment(first.text()) ? parseJsDoc(first.text()) : undefined;
}

function importedNames(tree: Tree): string[] {
  const imports = tree.findAll({ rule: { any: [{ kind: 'import_statement' }, { kind: 'export_clause' }] } });
  return imports.flatMap((one) => one.text().match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu) ?? []);
}
