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
  /** Written by a program: nobody mends a flaw there, and bundles are slow to parse. */
  readonly generated: boolean;
}

const TEST_FOLDERS =
  /(?:^|\/)(?:tests?|testing|__tests__|specs?|e2e|fixtures?|testdata|test[-_]data|mocks?|__mocks__|examples?|samples?|demos?|benchmarks?)\//i;
const TEST_FILES =
  /(?:^|\/)(?:test_[^/]*|conftest)\.py$|[._-](?:test|tests|spec)\.[a-z]+$|(?:^|\/)examples?[^/]*\.json$/i;
const DOCUMENTS =
  /\.(?:md|mdx|markdown|rst|txt|adoc|html?|svg|po|pot|ipynb)$|(?:^|\/)(?:docs?|licen[cs]es?)\//i;

export function sourceOf(path: string, text: string): Source {
  return {
    path,
    text,
    lines: lineIndex(text),
    language: languageOf(path, text),
    role: roleOf(path),
    generated: isGenerated(path, text),
  };
}

function roleOf(path: string): Source['role'] {
  if (TEST_FOLDERS.test(path) || TEST_FILES.test(path)) return 'test';
  return DOCUMENTS.test(path) && !/(?:^|\/)requirements[^/]*\.txt$/.test(path) ? 'document' : 'product';
}

/** By name, by what its head says, or by lines longer than people write them. */
function isGenerated(path: string, text: string): boolean {
  if (/[.-]min\.(?:js|cjs|mjs)$/.test(path)) return true;
  if (/@generated\b|\bDO NOT EDIT\b/.test(text.slice(0, 500))) return true;
  return text.length > 20_000 && countLines(text) * LONGEST_AVERAGE_LINE < text.length;
}

const LONGEST_AVERAGE_LINE = 300;

function countLines(text: string): number {
  let lines = 1;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines += 1;
  return lines;
}
