import { readFile } from 'node:fs/promises';
import { escapePattern, lineIn, type TestCase } from './runner.ts';

interface JestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly Assertion[];
  }[];
}

interface Assertion {
  readonly fullName: string;
  readonly title: string;
  readonly ancestorTitles: readonly string[];
  readonly status: string;
  readonly duration?: number | null;
  readonly failureMessages?: readonly string[];
  readonly location?: { readonly line: number } | null;
}

/** The JSON report of jest, which vitest writes too. Undefined when there is none. */
export async function readJestReport(path: string): Promise<TestCase[] | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { testResults } = JSON.parse(text) as JestReport;
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const cases = assertionResults.map((assertion) => caseOf(name, assertion));
    const hasBroken = status === 'failed' && !cases.some((one) => one.status === 'failed');
    return hasBroken ? [...cases, brokenFile(name, message ?? '')] : cases;
  });
}

function caseOf(file: string, assertion: Assertion): TestCase {
  const { fullName, status, duration, failureMessages, location } = assertion;
  const message = failureMessages?.join('\n') ?? '';
  const line = lineIn(message, file) ?? location?.line;
  return {
    name: fullName,
    id: patternOf(assertion),
    file,
    status: status === 'passed' || status === 'failed' ? status : 'skipped',
    durationMs: Math.round(duration ?? 0),
    ...(line === undefined ? {} : { line }),
    ...(status === 'failed' ? { message } : {}),
  };
}

/** Newer versions of vitest put ` > ` between the names of groups and test, others and jest a space. */
function patternOf({ ancestorTitles, title }: Assertion): string {
  return [...ancestorTitles, title].map(escapePattern).join('( > | )');
}

/** A file that cannot be loaded has no tests to fail, so it fails itself. */
function brokenFile(file: string, message: string): TestCase {
  const line = lineIn(message, file);
  return {
    name: file.slice(file.lastIndexOf('/') + 1),
    // Once it can be loaded any of its tests may be the one that counts.
    id: '.*',
    file,
    status: 'failed',
    durationMs: 0,
    message,
    ...(line === undefined ? {} : { line }),
  };
}
