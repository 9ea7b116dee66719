import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { measure } from '../../../bench/hygiene/measure.ts';
import { describeSandboxed } from './sandboxed.ts';

/** `node bench/hygiene/main.ts --write` */
const baseline = JSON.parse(
  readFileSync(new URL('../../../bench/hygiene/baseline.json', import.meta.url), 'utf8'),
) as Readonly<
  Record<'processes' | 'filesRead' | 'filesLookedAt' | 'statements' | 'cpuRatio' | 'emptyRunRatio', number>
>;

/** A worker or a setting more is a file more to read; what grows with the files of the repository is far beyond it. */
const SLACK = 1.5;
/** Against a piece of work that is done beside it, so that a machine that is busy is slow in both. */
const RATIO_SLACK = 2.5;

describeSandboxed('an unchanged quick run of 1,000 files', () => {
  test('[HYG-40] does no more work than its stored baseline, and performs no step', () => {
    const measured = measure(3);
    expect(measured.cached).toBe(3);
    expect(measured.processes).toBe(baseline.processes);
    for (const key of ['filesRead', 'filesLookedAt', 'statements'] as const)
      expect(measured[key], key).toBeLessThanOrEqual(Math.ceil(baseline[key] * SLACK));
    const ratio = (ms: number) => ms / measured.calibrationMs;
    expect(ratio(measured.cpuMs)).toBeLessThan(baseline.cpuRatio * RATIO_SLACK);
    expect(ratio(measured.emptyRunMs)).toBeLessThan(baseline.emptyRunRatio * RATIO_SLACK);
  }, 120_000);
});
