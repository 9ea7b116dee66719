import type { SgNode } from '@ast-grep/napi';

export type Tree = SgNode;

/** Parses JavaScript or TypeScript; undefined when the text has faults of syntax. */
export type ParseJavaScript = (path: string, text: string) => Tree | undefined;

let loading: Promise<ParseJavaScript | undefined> | undefined;

/** The parser is native code and an optional dependency: undefined where it cannot be loaded. */
export function loadJavaScriptParser(): Promise<ParseJavaScript | undefined> {
  loading ??= load();
  return loading;
}

async function load(): Promise<ParseJavaScript | undefined> {
  try {
    const { Lang, parse } = await import('@ast-grep/napi');
    const languageOf = (path: string) => {
      if (/\.tsx$/.test(path)) return Lang.Tsx;
      return /\.[mc]?ts$/.test(path) ? Lang.TypeScript : Lang.JavaScript;
    };
    return (path, text) => {
      const root = parse(languageOf(path), text).root();
      return root.has({ rule: { kind: 'ERROR' } }) ? undefined : root;
    };
  } catch {
    return undefined;
  }
}
