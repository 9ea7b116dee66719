import { parse } from 'semver';
import type { Ecosystem } from './ecosystem.ts';
import { comparePython } from './python-version.ts';

/** Less than 0 when `a` comes first; undefined when one of them is no version of the ecosystem. */
export function compareVersions(ecosystem: Ecosystem, a: string, b: string): number | undefined {
  return ecosystem === 'PyPI' ? comparePython(a, b) : compareSemantic(a, b);
}

/** Build data, such as Go's `+incompatible`, says nothing about the order. */
function compareSemantic(a: string, b: string): number | undefined {
  const left = parse(padded(a), { loose: true });
  const right = parse(padded(b), { loose: true });
  if (left === null || right === null) return undefined;
  return left.compare(right);
}

/** Advisories write `0`, `1.0` and `1.21.0-0`; Go writes `v1.2.3`. */
function padded(version: string): string {
  const [, release = '', rest = ''] = /^v?(\d+(?:\.\d+){0,2})(.*)$/s.exec(version.trim()) ?? [];
  const missing = 3 - release.split('.').length;
  return release === '' ? version : `${release}${'.0'.repeat(missing)}${rest}`;
}
