import type { Severity } from '../../severity.ts';

type Weights = Readonly<Record<string, number>>;

const METRICS: Readonly<Record<string, Weights>> = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  UI: { N: 0.85, R: 0.62 },
  C: { H: 0.56, L: 0.22, N: 0 },
  I: { H: 0.56, L: 0.22, N: 0 },
  A: { H: 0.56, L: 0.22, N: 0 },
};
/** More is at stake when the scope changes. */
const PRIVILEGES: Readonly<Record<string, Weights>> = {
  U: { N: 0.85, L: 0.62, H: 0.27 },
  C: { N: 0.85, L: 0.68, H: 0.5 },
};

/**
 * Base score of a vector of the Common Vulnerability Scoring System 3.0 or 3.1, 0 to 10 (specification, 7.1);
 * undefined for anything else.
 */
export function cvssScore(vector: string): number | undefined {
  if (!/^CVSS:3\.[01]\//.test(vector)) return undefined;
  const given = Object.fromEntries(vector.split('/').map((part) => part.split(':') as [string, string]));
  const scope = given['S'] ?? '';
  const weight = (metric: string) => METRICS[metric]?.[given[metric] ?? ''];
  const base = ['AV', 'AC', 'UI', 'C', 'I', 'A'].map(weight);
  const privileges = PRIVILEGES[scope]?.[given['PR'] ?? ''];
  if (privileges === undefined || base.some((one) => one === undefined)) return undefined;
  const [vectorWeight = 0, complexity = 0, interaction = 0, ...losses] = base as number[];
  const impactBase = 1 - losses.reduce((product, loss) => product * (1 - loss), 1);
  const changed = scope === 'C';
  const impact = changed ? 7.52 * (impactBase - 0.029) - 3.25 * (impactBase - 0.02) ** 15 : 6.42 * impactBase;
  if (impact <= 0) return 0;
  const exploitability = 8.22 * vectorWeight * complexity * privileges * interaction;
  return roundUp(Math.min((changed ? 1.08 : 1) * (impact + exploitability), 10));
}

/** The specification's bands (5). */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  return score >= 4 ? 'medium' : score > 0 ? 'low' : 'info';
}

/** To one decimal, upwards, in whole numbers because 4.000000000000001 is 4.0 (specification, appendix A). */
function roundUp(value: number): number {
  const whole = Math.round(value * 100_000);
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10;
}
