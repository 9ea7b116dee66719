import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/go';
import type { Comment, DocumentedModule, DocumentedSymbol, Fault, Parameter } from './documented-module.ts';
import { oneLine, shownCode } from './signature.ts';
import { childrenOf, faultIn, lineAt } from './syntax-node.ts';

/** What one file of a package shows: names with a capital. Methods stand for themselves until the package is joined. */
export interface GoFile {
  readonly path: string;
  readonly comment?: Comment;
  readonly symbols: readonly DocumentedSymbol[];
  readonly methods: readonly { readonly receiver: string; readonly symbol: DocumentedSymbol }[];
  readonly names: readonly string[];
}

export function readGo(
  path: string,
  code: string,
): { readonly module: GoFile; readonly fault: Fault | undefined } {
  const text = withoutBodies(code);
  const root = parser.parse(text).topNode;
  const symbols: DocumentedSymbol[] = [];
  const methods: { receiver: string; symbol: DocumentedSymbol }[] = [];
  const place: Place = { text, path, read: (node) => text.slice(node.from, node.to) };
  let comment: Comment | undefined;
  for (const node of childrenOf(root)) {
    if (node.name === 'PackageClause') comment = commentBefore(node, place);
    else if (node.name === 'FunctionDecl') symbols.push(functionOf(node, place));
    else if (node.name === 'MethodDecl') methods.push(methodOf(node, place));
    else if (/^(Const|Var|Type)Decl$/.test(node.name)) symbols.push(...declared(node, place));
  }
  const module: GoFile = {
    path,
    symbols: symbols.filter(isExported),
    methods: methods.filter(({ symbol }) => isExported(symbol)),
    names: symbols.map(({ name }) => name),
    ...(comment === undefined ? {} : { comment }),
  };
  const fault = faultIn(root, text);
  // The grammar stumbles over a few things that are Go, and finds its way back at the next declaration.
  const isGo = root.getChild('PackageClause') !== null;
  return { module, fault: fault && { ...fault, isInside: isGo } };
}

/**
 * Blanks what functions do, as gofmt lays them out: the grammar takes `if a == b {` for a literal in places, and closes
 * the function too early. Offsets and lines stay.
 */
function withoutBodies(code: string): string {
  let isFunction = false;
  let isBody = false;
  return code
    .split('\n')
    .map((line) => {
      if (isBody && line === '}') isBody = false;
      else if (isBody) return ' '.repeat(line.length);
      if (/^func\b/.test(line)) isFunction = true;
      if (isFunction && /\{\s*(\/\/.*)?$/.test(line)) {
        isFunction = false;
        isBody = true;
      } else if (/^(\}|.*\}\s*$)/.test(line)) isFunction = false;
      return line;
    })
    .join('\n');
}

/** A package is a folder. */
export function joinPackage(folder: string, files: readonly GoFile[]): DocumentedModule {
  const methods = files.flatMap((file) => file.methods);
  const symbols = files.flatMap((file) => file.symbols);
  const comments = files.flatMap(({ comment }) => (comment === undefined ? [] : [comment]));
  const [first] = comments;
  return {
    path: folder,
    language: 'go',
    symbols: symbols.map((symbol) => ({
      ...symbol,
      members: methods.filter(({ receiver }) => receiver === symbol.name).map((method) => method.symbol),
    })),
    handedOn: [],
    names: new Set(files.flatMap(({ names }) => names)),
    ...(first === undefined
      ? {}
      : { comment: { ...first, text: comments.map(({ text }) => text).join('\n\n') } }),
  };
}

interface Place {
  readonly text: string;
  readonly path: string;
  readonly read: (node: SyntaxNode) => string;
}

function isExported({ name }: DocumentedSymbol): boolean {
  return /^\p{Lu}/u.test(name);
}

function symbolAt(
  node: SyntaxNode,
  name: string,
  place: Place,
): Omit<DocumentedSymbol, 'kind' | 'signatures'> {
  const comment = commentBefore(node, place);
  return {
    name,
    parameters: [],
    members: [],
    line: lineAt(place.text, node.from),
    file: place.path,
    ...(comment === undefined ? {} : { comment }),
  };
}

function functionOf(node: SyntaxNode, place: Place): DocumentedSymbol {
  const name = node.getChild('DefName');
  const [list] = node.getChildren('Parameters');
  return {
    ...symbolAt(node, name === null ? '' : place.read(name), place),
    kind: 'function',
    signatures: [headOf(node, place)],
    parameters: parametersOf(list, place),
  };
}

function methodOf(node: SyntaxNode, place: Place): { receiver: string; symbol: DocumentedSymbol } {
  const name = node.getChild('FieldName');
  const [receiver, list] = node.getChildren('Parameters');
  const type = receiver === undefined ? '' : place.read(receiver);
  const symbol: DocumentedSymbol = {
    ...symbolAt(node, name === null ? '' : place.read(name), place),
    kind: 'method',
    signatures: [headOf(node, place)],
    parameters: parametersOf(list, place),
  };
  return { receiver: /(\w+)\s*(?:\[[^\]]*\])?\s*\)$/.exec(type)?.[1] ?? '', symbol };
}

function headOf(node: SyntaxNode, { text, read }: Place): string {
  const block = node.getChild('Block');
  return oneLine(block === null ? read(node) : text.slice(node.from, block.from));
}

function parametersOf(list: SyntaxNode | undefined, { read }: Place): Parameter[] {
  return (list?.getChildren('Parameter') ?? []).flatMap((node) => {
    const names = node.getChildren('DefName');
    const last = names.at(-1);
    if (last === undefined) return [];
    const type = oneLine(read(node).slice(last.to - node.from));
    return names.map((name) => ({ name: read(name), ...(type === '' ? {} : { type }) }));
  });
}

/** One symbol for each name; in a group the comment above the group stands for those that have none. */
function declared(node: SyntaxNode, place: Place): DocumentedSymbol[] {
  const word = node.name === 'ConstDecl' ? 'const' : node.name === 'VarDecl' ? 'var' : 'type';
  const list = node.getChild('SpecList');
  const specs = childrenOf(list ?? node).filter(({ name }) => name.endsWith('Spec'));
  const group = commentBefore(node, place);
  return specs.flatMap((spec) =>
    spec.getChildren('DefName').map((name): DocumentedSymbol => {
      const own = symbolAt(spec, place.read(name), place);
      const comment = own.comment ?? group;
      const isInterface = word === 'type' && spec.getChild('InterfaceType') !== null;
      return {
        ...own,
        kind:
          word === 'const' ? 'constant' : word === 'var' ? 'variable' : isInterface ? 'interface' : 'type',
        signatures: [shownCode(`${word} ${place.read(spec)}`)],
        ...(comment === undefined ? {} : { comment }),
      };
    }),
  );
}

/** Lines of comment right above, without directives such as `//go:embed`; a blank line ends them. */
function commentBefore(node: SyntaxNode, { text, read }: Place): Comment | undefined {
  const lines: string[] = [];
  let below = node.from;
  for (let before = node.prevSibling; before !== null; before = before.prevSibling) {
    const between = text.slice(before.to, below);
    if (!/^(Line|Block)Comment$/.test(before.name) || (between.match(/\n/g)?.length ?? 0) > 1) break;
    // What stands behind code belongs to that code.
    if (/\S/.test(text.slice(text.lastIndexOf('\n', before.from) + 1, before.from))) break;
    below = before.from;
    if (before.name === 'LineComment') lines.unshift(read(before).slice(2).replace(/^ /, ''));
    else
      lines.unshift(
        ...read(before)
          .slice(2, -2)
          .split('\n')
          .map((line) => line.replace(/^\s*\* ?/, '')),
      );
  }
  const said = lines.filter((line) => !/^(go|line|export|extern|nolint)\b\S*:\S|^ ?\+build /.test(line));
  const whole = said.join('\n').trim();
  if (whole === '') return undefined;
  const deprecated = /(?:^|\n\n)Deprecated: ([\s\S]*?)(?=\n\n|$)/.exec(whole);
  return {
    text: (deprecated === null ? whole : whole.replace(deprecated[0], '')).trim(),
    parameters: [],
    throws: [],
    examples: [],
    notes: [],
    ...(deprecated === null ? {} : { deprecated: deprecated[1] ?? '' }),
  };
}
