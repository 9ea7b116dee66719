import type { SgNode } from '@ast-grep/napi';

export type Tree = SgNode;

/** Parses JavaScript or TypeScript; undefined when the text has faults of syntax. */
export type ParseJavaScript = (path: string, text: string) => Tree | undefined;

/** As `ParseJavaScript`, but with faults there is a tree all the same, with nodes of the kind `ERROR`. */
export type ParseAsFarAsPossible = (path: string, text: string) => Tree;

let loading: Promise<ParseAsFarAsPossible | undefined> | undefined;

/** The parser is native code and an optional dependency: undefined where it cannot be loaded. */
export function loadTolerantParser(): Promise<ParseAsFarAsPossible | undefined> {
  loading ??= load();
  return loading;
}

/** As `loadTolerantParser`, for what must understand everything. */
export async function loadJavaScriptParser(): Promise<ParseJavaScript | undefined> {
  const parse = await loadTolerantParser();
  if (parse === undefined) return undefined;
  return (path, text) => {
    const root = parse(path, text);
    return root.has({ rule: { kind: 'ERROR' } }) ? undefined : root;
  };
}

async function load(): Promise<ParseAsFarAsPossible | undefined> {
  try {
    const { Lang, parse } = await import('@ast-grep/napi');
    const languageOf = (path: string) => {
      if (/\.tsx$/.test(path)) return Lang.Tsx;
      return /\.[mc]?ts$/.test(path) ? Lang.TypeScript : Lang.JavaScript;
    };
    return (path, text) => parse(languageOf(path), text).root();
  } catch {
    return undefined;
  }
}
