import type { Finding, Skipped } from '@cadre/sdk';
import type { Stopwatch } from '../../tree/stopwatch.ts';
import type { Language } from '../language.ts';
import type { Scratch } from '../scratch.ts';
import type { Source } from '../sources.ts';
import { BUILT_IN } from '../tools/tools.ts';
import { isDelicate } from '../untouched.ts';
import { conflictMarkers } from './conflict-markers.ts';
import { dataSyntaxProblems } from './data-syntax.ts';
import { javaScriptProblems } from './javascript.ts';
import { loadJavaScriptParser, type ParseJavaScript } from './javascript-tree.ts';
import { applyEdits, type Problem } from './problem.ts';
import { unusedPythonImports } from './python-imports.ts';
import { OTHER_FILES, readText } from './text-pass.ts';

export interface LintPass {
  readonly scratch: Scratch;
  readonly stopwatch: Stopwatch;
  readonly sources: readonly Source[];
  /** Files that a linter of the repository looks after. */
  readonly linted: ReadonlySet<string>;
}

interface Checks {
  readonly parser: ParseJavaScript | undefined;
  /** The texts of all Python files but one. */
  readonly othersThan: (path: string) => Promise<readonly string[]>;
}

/** The checks that need no tool: faults of data files everywhere, imports and a few certain mistakes without a linter. */
export async function lintPass(
  pass: LintPass,
  mode: 'fix' | 'inspect',
): Promise<{ findings: Finding[]; skipped: Skipped[] }> {
  const parser = await loadJavaScriptParser();
  const checks = { parser, othersThan: pythonReader(pass) };
  const findings: Finding[] = [];
  for (const source of pass.sources.filter(({ path }) => !isDelicate(path))) {
    const what = { tool: BUILT_IN, files: source.language ?? OTHER_FILES, count: 1 };
    const problems = await pass.stopwatch.time(what, () => problemsOf(pass, checks, source, mode));
    findings.push(...problems.map((problem) => findingOf(source.path, problem)));
  }
  return { findings, skipped: parser === undefined ? parserMissing(pass) : [] };
}

async function problemsOf(
  pass: LintPass,
  checks: Checks,
  source: Source,
  mode: 'fix' | 'inspect',
): Promise<readonly Problem[]> {
  const text = await readText(pass.scratch, source.path);
  if (text === undefined) return [];
  const problems = await check(pass, checks, source, text);
  const edits = problems.flatMap(({ edit }) => (edit ? [edit] : []));
  if (mode === 'inspect' || edits.length === 0) return problems;
  const after = applyEdits(text, edits);
  await pass.scratch.write(source.path, Buffer.from(after));
  return check(pass, checks, source, after);
}

async function check(
  { linted }: LintPass,
  checks: Checks,
  { path, language }: Source,
  text: string,
): Promise<Problem[]> {
  const always = [...conflictMarkers(text), ...dataSyntaxProblems(path, text, language)];
  if (always.length > 0 || linted.has(path)) return always;
  return codeProblems(checks, path, text, language);
}

async function codeProblems(
  { parser, othersThan }: Checks,
  path: string,
  text: string,
  language: Language | undefined,
): Promise<Problem[]> {
  switch (language) {
    case 'javascript':
    case 'typescript': {
      const tree = parser?.(path, text);
      return tree === undefined ? [] : javaScriptProblems(text, tree);
    }
    case 'python':
      return unusedPythonImports(path, text, () => othersThan(path));
    default:
      return [];
  }
}

/** Read once, and only when a name might be used from elsewhere. */
function pythonReader({ scratch, sources }: LintPass): Checks['othersThan'] {
  let texts: Promise<readonly (readonly [string, string])[]> | undefined;
  const python = sources.filter(({ language }) => language === 'python');
  const readAll = () =>
    Promise.all(python.map(async ({ path }) => [path, (await readText(scratch, path)) ?? ''] as const));
  return async (path) => {
    texts ??= readAll();
    return (await texts).filter(([other]) => other !== path).map(([, text]) => text);
  };
}

function findingOf(file: string, { edit: _, ...problem }: Problem): Finding {
  return { tool: BUILT_IN, confidence: 'high', file, ...problem };
}

function parserMissing({ sources, linted }: LintPass): Skipped[] {
  const unread = sources.filter(
    ({ path, language }) => (language === 'javascript' || language === 'typescript') && !linted.has(path),
  );
  if (unread.length === 0) return [];
  return [
    {
      tool: `${BUILT_IN} (JavaScript)`,
      reason: 'tool_missing',
      message: `the parser @ast-grep/napi cannot be loaded, so ${unread.length} JavaScript and TypeScript files were not checked`,
      hint: 'npm install @ast-grep/napi',
    },
  ];
}
