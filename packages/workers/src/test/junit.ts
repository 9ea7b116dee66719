import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import type { TestCase } from './runner.ts';

type Node = Readonly<Record<string, unknown>>;

const LISTS = ['testsuites', 'testsuite', 'testcase', 'failure', 'error', 'skipped', 'rerunFailure'];
const SUITE = 'testsuite';

/** A test case as a JUnit report has it, with what runners add to it. */
export interface JunitCase extends TestCase {
  readonly className: string;
  /** Names of the suites around it, outermost first. */
  readonly suites: readonly string[];
}

/** Reads a JUnit report; undefined when it is none. */
export function parseJunit(xml: string): JunitCase[] | undefined {
  if (!/<testsuites?[\s/>]/.test(xml)) return undefined;
  try {
    const parser = new XMLParser({
      ignoreAttributes: false,
      // A runner may give an attribute the name of an element.
      attributeNamePrefix: '@',
      textNodeName: 'text',
      parseAttributeValue: false,
      parseTagValue: false,
      isArray: (name, _path, _leaf, isAttribute) => !isAttribute && LISTS.includes(name),
    });
    return casesOf(parser.parse(xml, true) as Node, []);
  } catch {
    return undefined;
  }
}

function casesOf(node: Node, suites: readonly string[]): JunitCase[] {
  const own = nodes(node['testcase']).map((one) => caseOf(one, suites));
  const roots = nodes(node['testsuites']).flatMap((one) => casesOf(one, suites));
  const inner = nodes(node[SUITE]).flatMap((one) => casesOf(one, [...suites, String(one['@name'] ?? '')]));
  return [...own, ...roots, ...inner];
}

function caseOf(node: Node, suites: readonly string[]): JunitCase {
  const [fault] = [...nodes(node['failure']), ...nodes(node['error'])];
  const isSkipped = node['skipped'] !== undefined;
  const message = fault === undefined ? undefined : faultText(fault);
  return {
    name: String(node['@name'] ?? ''),
    className: String(node['@classname'] ?? ''),
    suites,
    status: fault !== undefined ? 'failed' : isSkipped ? 'skipped' : 'passed',
    durationMs: Math.round(Number(node['@time'] ?? 0) * 1000) || 0,
    ...(typeof node['@file'] === 'string' ? { file: node['@file'] } : {}),
    ...(typeof node['@line'] === 'string' ? { line: Number(node['@line']) } : {}),
    ...(message === undefined ? {} : { message }),
  };
}

function faultText(fault: Node): string {
  const parts = [fault['@message'], fault['text']].filter((part) => typeof part === 'string');
  return parts.map((part) => part.trim()).join('\n');
}

function nodes(value: unknown): Node[] {
  const list = Array.isArray(value) ? value : [];
  return list.map((one) => (typeof one === 'object' && one !== null ? (one as Node) : { text: String(one) }));
}

/** Characters that XML 1.0 cannot hold, not even escaped. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** A JUnit report of several runners, each as a suite. */
export function buildJunit(
  suites: readonly { readonly name: string; readonly cases: readonly TestCase[] }[],
): string {
  const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', format: true });
  const clean = (text: string) => text.replace(FORBIDDEN, '\uFFFD');
  const seconds = (durationMs: number) => (durationMs / 1000).toFixed(3);
  const testsuite = suites.map(({ name, cases }) => ({
    '@name': clean(name),
    '@tests': cases.length,
    '@failures': cases.filter(({ status }) => status === 'failed').length,
    '@skipped': cases.filter(({ status }) => status === 'skipped').length,
    '@time': seconds(cases.reduce((sum, { durationMs }) => sum + durationMs, 0)),
    testcase: cases.map((one) => ({
      '@name': clean(one.name),
      '@classname': clean(one.file ?? name),
      ...(one.file === undefined ? {} : { '@file': clean(one.file) }),
      ...(one.line === undefined ? {} : { '@line': one.line }),
      '@time': seconds(one.durationMs),
      ...(one.status === 'skipped' ? { skipped: '' } : {}),
      ...(one.status === 'failed' ? { failure: clean(one.message ?? '') } : {}),
    })),
  }));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ testsuites: { testsuite } })}`;
}
