import { type Language, languageOf } from './language.ts';
import { type LineIndex, lineIndex } from './line-index.ts';

/** One text as detectors see it. */
export interface Source {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: LineIndex;
  readonly language: Language | undefined;
  /** What the text is for: flaws in tests and documents do not run in production. */
  readonly role: 'product' | 'test' | 'document';
}

const TEST_FOLDERS =
  /(?:^|\/)(?:tests?|testing|__tests__|specs?|e2e|fixtures?|testdata|test[-_]data|mocks?|__mocks__|examples?|samples?|demos?|benchmarks?)\//i;
const TEST_FILES = /(?:^|\/)(?:test_[^/]*|conftest)\.py$|[._-](?:test|tests|spec)\.[a-z]+$/i;
const DOCUMENTS = /\.(?:md|mdx|markdown|rst|txt|adoc|html?|svg|po|pot|ipynb)$|(?:^|\/)(?:docs?|licen[cs]es?)\//i;

export function sourceOf(path: string, text: string): Source {
  return { path, text, lines: lineIndex(text), language: languageOf(path, text), role: roleOf(path) };
}

function roleOf(path: string): Source['role'] {
  if (TEST_FOLDERS.test(path) || TEST_FILES.test(path)) return 'test';
  return DOCUMENTS.test(path) && !/(?:^|\/)requirements[^/]*\.txt$/.test(path) ? 'document' : 'product';
}
