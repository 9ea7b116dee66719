import { expect, test } from 'vitest';
import { ECOSYSTEMS } from '../ecosystem.ts';
import { compareVersions } from '../version-order.ts';
import { type Affected, fixedIn, isAffected } from './advisory.ts';
import builtIn from './built-in.json' with { type: 'json' };
import { builtInDatabase } from './built-in-database.ts';
import { parseOsv } from './parse-osv.ts';

const affected = (
  ecosystem: Affected['ecosystem'],
  ranges: Affected['ranges'],
  versions: readonly string[] = [],
): Affected => ({
  ecosystem,
  name: 'x',
  ranges,
  versions,
});

test('a range begins at introduced and ends before fixed', () => {
  const range = affected('npm', [[{ introduced: '1.0.0' }, { fixed: '1.2.6' }]]);
  const hit = (version: string) => isAffected(range, version);
  expect(['0.9.9', '1.0.0', '1.2.5', '1.2.6-rc.1', '1.2.6', '2.0.0'].map(hit)).toEqual([
    false,
    true,
    true,
    true,
    false,
    false,
  ]);
});

test('events count in the order of versions, and last_affected is itself affected', () => {
  const range = affected('crates.io', [
    [{ fixed: '2.1.0' }, { introduced: '2.0.0' }, { lastAffected: '1.4.0' }, { introduced: '0' }],
  ]);
  const hit = (version: string) => isAffected(range, version);
  expect(['0.0.0-alpha', '1.4.0', '1.4.1', '2.0.0', '2.1.0'].map(hit)).toEqual([
    true,
    true,
    false,
    true,
    false,
  ]);
});

test('Go versions, pseudo-versions and incompatible ones are compared', () => {
  const range = affected('Go', [[{ introduced: '0' }, { fixed: '3.0.0-20220521103104-8f96da9f5d5e' }]]);
  const hit = (version: string) => isAffected(range, version);
  expect(hit('v3.0.0-20210107192922-496545a6307b')).toBe(true);
  expect(hit('v3.0.1')).toBe(false);
  expect(hit('2.9.0+incompatible')).toBe(true);
});

test('listed versions are affected, and what is no version never is', () => {
  const range = affected('PyPI', [[{ introduced: '0' }]], ['weird-1']);
  expect(isAffected(range, 'weird-1')).toBe(true);
  expect(isAffected(affected('PyPI', [[{ introduced: '1.0' }]]), 'weird-2')).toBe(false);
  expect(isAffected(affected('PyPI', [], ['1.0']), '1.0.0')).toBe(true);
});

test('the least fix after the version is told', () => {
  const range = affected('npm', [
    [{ introduced: '0' }, { fixed: '1.0.2' }],
    [{ introduced: '2.0.0' }, { fixed: '2.2.2' }],
  ]);
  expect(fixedIn(range, '0.5.0')).toBe('1.0.2');
  expect(fixedIn(range, '2.0.1')).toBe('2.2.2');
  expect(fixedIn(affected('npm', [[{ introduced: '0' }]]), '1.0.0')).toBeUndefined();
});

test('every built-in advisory is whole: known ecosystem, ordered versions, one id each', () => {
  const ids = builtIn.advisories.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(40);
  for (const { id, aliases, summary, affected: packages } of builtIn.advisories) {
    expect(id).toMatch(/^(GHSA-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}|RUSTSEC-\d{4}-\d{4}|GO-\d{4}-\d{4})$/);
    expect(aliases.every((alias) => /^(CVE-\d{4}-\d{4,}|GHSA-[a-z0-9-]+|PYSEC-\d{4}-\d+)$/.test(alias))).toBe(
      true,
    );
    expect(summary.length).toBeGreaterThan(10);
    for (const { ecosystem, ranges } of packages) {
      expect(ECOSYSTEMS).toContain(ecosystem);
      for (const [start, end] of ranges as { introduced?: string; fixed?: string }[][]) {
        const versions = [start?.introduced, end?.fixed].filter((one) => one !== undefined);
        const order = compareVersions(ecosystem as 'npm', versions[0] ?? '', versions.at(-1) ?? '') ?? 1;
        expect(order, id).toBeLessThanOrEqual(0);
      }
    }
  }
});

test.each([
  ['npm', 'lodash', '4.17.20', 'CVE-2021-23337', '4.17.21'],
  ['npm', 'minimist', '1.2.5', 'CVE-2021-44906', '1.2.6'],
  ['npm', 'node-fetch', '2.6.6', 'CVE-2022-0235', '2.6.7'],
  ['PyPI', 'requests', '2.30.0', 'CVE-2023-32681', '2.31.0'],
  ['PyPI', 'pyyaml', '5.3.1', 'CVE-2020-14343', '5.4'],
  ['crates.io', 'time', '0.2.22', 'CVE-2020-26235', '0.2.23'],
  ['Go', 'golang.org/x/net', 'v0.16.0', 'CVE-2023-39325', '0.17.0'],
] as const)('the built-in set knows %s %s %s, and not the fixed version', async (ecosystem, name, version, alias, fixed) => {
  const matches = await builtInDatabase().find(ecosystem, name);
  const match = matches.find(({ advisory }) => advisory.aliases.includes(alias));
  expect(match && isAffected(match.affected, version)).toBe(true);
  expect(match && fixedIn(match.affected, version)).toBe(fixed);
  expect(match && isAffected(match.affected, fixed)).toBe(false);
});

const RECORD = {
  id: 'GHSA-test',
  modified: '2026-01-02T03:04:05Z',
  aliases: ['CVE-2026-1'],
  details: 'First line.\nSecond line.',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H' }],
  affected: [
    {
      package: { ecosystem: 'PyPI', name: 'Some.Package' },
      ranges: [
        { type: 'GIT', events: [{ introduced: 'abc' }] },
        { type: 'ECOSYSTEM', events: [{ introduced: '0' }, { last_affected: '1.5' }] },
      ],
      versions: ['1.0', '1.5'],
    },
    { package: { ecosystem: 'Maven', name: 'a:b' } },
  ],
};

test('a record of osv.dev is read: names normalised, commits left out, severity from the score', () => {
  expect(parseOsv(RECORD)).toEqual({
    kind: 'advisory',
    modified: '2026-01-02T03:04:05Z',
    advisory: {
      id: 'GHSA-test',
      aliases: ['CVE-2026-1'],
      summary: 'First line.',
      severity: 'high',
      affected: [
        {
          ecosystem: 'PyPI',
          name: 'some-package',
          ranges: [[{ introduced: '0' }, { lastAffected: '1.5' }]],
          versions: [],
        },
      ],
    },
  });
});

test('the severity that the database names goes before the score, and notices are for information', () => {
  const severity = (change: object) => {
    const parsed = parseOsv({ ...RECORD, ...change });
    return parsed.kind === 'advisory' ? parsed.advisory.severity : parsed;
  };
  expect(severity({ database_specific: { severity: 'MODERATE' } })).toBe('medium');
  expect(severity({ severity: [] })).toBeUndefined();
  const [first] = RECORD.affected;
  expect(severity({ affected: [{ ...first, database_specific: { informational: 'unmaintained' } }] })).toBe(
    'info',
  );
});

test('withdrawn records, other ecosystems and what is no record are told apart', () => {
  expect(parseOsv({ ...RECORD, withdrawn: '2026-02-01T00:00:00Z' })).toEqual({ kind: 'other' });
  expect(parseOsv({ ...RECORD, affected: [RECORD.affected[1]] })).toEqual({ kind: 'other' });
  for (const broken of [null, 3, 'x', [], {}, { id: 'a' }, { ...RECORD, affected: 'x' }]) {
    expect(parseOsv(broken)).toMatchObject({ kind: 'invalid' });
  }
});
