import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Schema, Validator } from '@cfworker/json-schema';
import { expect, test } from 'vitest';
import type { AuditFinding } from '../scan/audit-finding.ts';
import { toSarif } from './sarif.ts';

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/sarif-2.1.0-subset.json'), 'utf8'),
) as Schema;

/** What is wrong with a log: by the standard's structure, and by its rule that an index leads to the named rule. */
function problemsOf(log: object): string[] {
  const { errors } = new Validator(schema, '2020-12', false).validate(log);
  const runs = (
    log as {
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: { ruleId: string; ruleIndex: number }[];
      }[];
    }
  ).runs;
  const indexes = runs.flatMap(({ tool, results }) =>
    results.filter(({ ruleId, ruleIndex }) => tool.driver.rules[ruleIndex]?.id !== ruleId),
  );
  return [
    ...errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`),
    ...indexes.map(({ ruleId }) => `index of ${ruleId}`),
  ];
}

const finding: AuditFinding = {
  tool: 'cadre',
  kind: 'sast',
  rule: 'javascript-eval',
  title: 'eval of a value',
  severity: 'high',
  confidence: 'high',
  file: 'src/a b/grüße "1".js',
  line: 3,
  column: 7,
  message: 'eval of a value',
  fix: 'parse it',
  cwe: 95,
  fingerprint: 'f1',
};
const bare: AuditFinding = {
  tool: 'bandit',
  kind: 'sast',
  rule: 'B101',
  title: 'assert used',
  severity: 'info',
  confidence: 'low',
  file: 'a.py',
  message: 'assert used',
  fingerprint: 'f2',
};

test('[HYG-24] a log fits the structure of SARIF 2.1.0, with findings, with accepted ones and without any', () => {
  expect(problemsOf(toSarif({ findings: [finding, { ...finding, line: 9 }, bare], accepted: [] }))).toEqual(
    [],
  );
  expect(problemsOf(toSarif({ findings: [], accepted: [finding] }))).toEqual([]);
  expect(problemsOf(toSarif({ findings: [], accepted: [] }))).toEqual([]);
});

test('the check of the structure finds what is wrong', () => {
  const log = toSarif({ findings: [finding], accepted: [] });
  const broken = JSON.parse(JSON.stringify(log).replace('"level":"error"', '"level":"bad"')) as object;
  expect(problemsOf(broken).length).toBeGreaterThan(0);
  const misled = JSON.parse(JSON.stringify(log).replace('"ruleIndex":0', '"ruleIndex":4')) as object;
  expect(problemsOf(misled)).toEqual(['index of javascript-eval']);
});

test('each tool has a run, each rule stands once, and accepted findings are marked', () => {
  const log = toSarif({ findings: [finding, { ...finding, line: 9 }], accepted: [bare] });
  expect(log).toMatchObject({
    runs: [
      {
        tool: { driver: { name: 'bandit' } },
        results: [{ level: 'note', suppressions: [{ kind: 'external' }] }],
      },
      {
        tool: { driver: { name: 'cadre', rules: [{ id: 'javascript-eval' }] } },
        results: [{ level: 'error' }, {}],
      },
    ],
  });
});

test('names of files become addresses that every reader can resolve', () => {
  const [run] = (toSarif({ findings: [finding], accepted: [] }) as { runs: { results: object[] }[] }).runs;
  expect(run?.results[0]).toMatchObject({
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'src/a%20b/gr%C3%BC%C3%9Fe%20%221%22.js', uriBaseId: 'WORKSPACE' },
          region: { startLine: 3, startColumn: 7 },
        },
      },
    ],
    partialFingerprints: { 'cadre/v1': 'f1' },
  });
});
