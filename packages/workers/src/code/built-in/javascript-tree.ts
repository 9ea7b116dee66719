import type { SgNode } from '@ast-grep/napi';

export type Tree = SgNode;

export interface ParseJavaScript {
  /** Parses JavaScript or TypeScript; undefined when the text has faults of syntax. */
  (path: string, text: string): Tree | undefined;
  /** Line (from 1) of the first fault of syntax. */
  readonly faultLine: (path: string, text: string) => number | undefined;
}

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
    const faultIn = (root: Tree) => root.find({ rule: { kind: 'ERROR' } });
    const faultLine = (path: string, text: string) => {
      const fault = faultIn(parse(languageOf(path), text).root());
      return fault === null ? undefined : fault.range().start.line + 1;
    };
    const parseFile = (path: string, text: string) => {
      const root = parse(languageOf(path), text).root();
      return faultIn(root) === null ? root : undefined;
    };
    return Object.assign(parseFile, { faultLine });
  } catch {
    return undefined;
  }
}
